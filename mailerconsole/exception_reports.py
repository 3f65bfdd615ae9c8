"""What Django's own report of an exception may show: the page with DEBUG, and whatever is made from the same report."""

import re
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

# Names of variables, on top of those that `sensitive_variables` marks: the libraries know nothing of Django.
SECRET_NAME = re.compile(r"secret|password|token|credential|signature|^(?:\w+_)?(?:keys?|box|sealed)$", re.IGNORECASE)


class PrivateReportFilter(SafeExceptionReporterFilter):
    """Hides what is secret also where DEBUG is on: real keys are entered there too."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> Any:
        variables = dict(super().get_traceback_frame_variables(request, tb_frame))
        hidden = {name: self.cleansed_substitute for name in variables if SECRET_NAME.search(name)}
        return list((variables | hidden).items())
