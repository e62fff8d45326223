//! The charm as Juju would run it. One module per subject.
