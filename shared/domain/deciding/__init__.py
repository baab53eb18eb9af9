"""The rules: what each event does to a service. The entry is `decide`."""
