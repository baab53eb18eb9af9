"""What operators do beside releases: holds, poison, anchors, memberships."""
