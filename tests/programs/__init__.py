"""Plain NumPy programs, as people write them for other purposes. They import NumPy alone.

Each file holds those of one field and lists them in `PROGRAMS`: a function of one array of floats (its other arguments
have defaults), and the array that it is called with. The result is a number or an array.
"""
