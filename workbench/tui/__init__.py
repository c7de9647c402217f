"""The screen: the app, its commands, screens and widgets."""
