"""The deployment package: one zip for Flex Consumption's one-deploy, built on any machine for Linux and Python 3.13."""
