"""Tests of the pages for whoever looks inside the twin."""
