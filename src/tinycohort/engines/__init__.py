"""Engines: quadrature, NUTS, many data sets at once, and the way from a model to a Fit."""
