"""What is wrong with a release on a cluster, and how to mend it: reading at the rim, a pure look at what was read."""
