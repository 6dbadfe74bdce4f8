"""Where KServe is not: the registry's champion is rolled out to a plain Deployment, without shadow and canary."""
