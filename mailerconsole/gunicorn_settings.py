"""How gunicorn serves the project; read by `gunicorn --config`."""

import os
from pathlib import Path

from mailerconsole.listening import Endpoint

bind = Endpoint.from_environment().bind
worker_class = "gthread"
workers = 2
threads = 4
# A request that takes longer than this is stuck; whatever is long runs as a job.
timeout = 60
graceful_timeout = 8
# Its path would be the same for every gunicorn of the user, and nothing here speaks to it.
control_socket_disable = True
# The heartbeat files of the workers must not wait for a busy disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the files have random names
errorlog = "-"
accesslog = "-"
# No query string and no referrer: neither is needed, and either could carry what a person typed.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms'
# Whether a request came over https is what our own proxies say, where there are any (settings.TRUSTED_PROXIES).
forwarded_allow_ips = "*" if int(os.environ.get("TRUSTED_PROXIES", "0")) else "127.0.0.1"
