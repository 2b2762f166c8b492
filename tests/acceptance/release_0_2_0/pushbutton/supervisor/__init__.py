"""One process per run, standard library only. It owns the job's processes, writes the spool and outlives the server.

spec (stdin, JSON) ─▶ main ─▶ process.spawn ─▶ the job
                       │ its stdout and stderr ─▶ redact ─▶ spool/output, spool/times
                       │ its status calls      ─▶ redact ─▶ spool/events
                       └ spool/control ─▶ stop
"""
