"""Answers for people: sentences, tables as text, and the folder that `tinycohort reproduce` writes.

Nothing loads with the package itself: the command line asks for the sentences alone, and waits for no figures.
"""
