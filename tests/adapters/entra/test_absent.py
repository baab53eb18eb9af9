"""People sign in, and there is no identity to ask their directory with."""

from __future__ import annotations

import pytest

from shared.adapters.entra.absent import NoDirectory
from shared.ports.errors import Permanent
from tests.support.entra_stand_in import object_id

RITA, MANAGERS = object_id("Rita Manager"), object_id("managers")


def test_attack_a_guest_with_an_approvers_mail() -> None:
    """Attack: have the mail that a file names in one's own tenant. Defence: nobody says whom a name means, so nobody is."""
    for look_up in (NoDirectory().people, NoDirectory().groups):
        with pytest.raises(Permanent, match="set it, or write an id in place of release-manager@") as found:
            look_up("release-manager@example.com")
        assert found.value.ours


def test_who_is_named_by_their_id_goes_by_what_the_sign_in_says() -> None:
    """Mails and groups are those of their token."""
    assert NoDirectory().mails_of(RITA) == ()
    assert NoDirectory().groups_of(RITA, [MANAGERS]) == frozenset()
