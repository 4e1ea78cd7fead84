"""Terminology: analytes, context concepts, reasons and evidence, loaded from ``rules/``."""
