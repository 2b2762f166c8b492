"""Which arguments a shell script takes: its text is taken apart, as the shell would, and its loop over the arguments is
followed. Nothing is expanded and nothing runs. Standard library only.
"""
