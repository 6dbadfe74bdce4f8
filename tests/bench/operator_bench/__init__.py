"""The operator with many ModelDeployments: its memory, its calls of the API server, and how soon it acts."""
