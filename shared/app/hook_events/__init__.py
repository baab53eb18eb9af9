"""What repositories, registries and hosts that build say, brought to the services that it concerns."""
