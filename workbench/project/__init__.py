"""This folder and this person: settings, taste, keys and trust."""
