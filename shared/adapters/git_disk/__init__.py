"""Git repositories: reading them as a source, and the small runner of the git program that others use too."""
