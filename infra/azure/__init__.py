"""What it takes to run on Azure."""
