"""What the pages share: state, cached loaders, widgets."""
