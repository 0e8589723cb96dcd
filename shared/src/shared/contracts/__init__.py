"""Every message that crosses a service boundary, declared once by its owner.

One module an owner; readers import the class and never spell a subject. Contracts only grow.
"""
