"""Names, versions, people and artifacts: values that everything else is made of."""
