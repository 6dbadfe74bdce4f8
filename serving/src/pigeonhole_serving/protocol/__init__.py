"""What goes over the wire, V1 and V2, as pure functions: requests in, answers out."""
