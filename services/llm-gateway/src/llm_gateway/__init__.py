"""llm-gateway owns generations: their text, the calls to providers, the usage ledger and the model catalogue.

Nothing is shown that is not stored, nothing is paid that is not counted, and a generation survives the
process that runs it.
"""
