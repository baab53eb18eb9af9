"""What runs Slipway on one machine; no part of the deployment package."""
