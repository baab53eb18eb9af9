"""What is known of a service between two events: releases, promotions, builds, repositories."""
