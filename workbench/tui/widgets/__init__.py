"""Widgets that more than one screen uses, or that deserve a page of their own."""
