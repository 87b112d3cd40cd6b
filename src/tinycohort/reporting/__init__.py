"""Answers for people: sentences, tables as text, pages, and the folders that `report` and `reproduce` write.

Three steps, one after the other: facts are gathered (`results`, `moves`, `numbers`, `headline`, `agreement`), put into
words (`answers`, `weakness`, `methods`, `words`) and set as text, tables or pages (`text`, `tables`, `page`).

Nothing loads with the package itself: the command line asks for the sentences alone, and waits for no figures.
"""
