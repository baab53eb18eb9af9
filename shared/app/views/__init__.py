"""What people and programs read: records whose fields are the API's names, made from state and nothing else."""
