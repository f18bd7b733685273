"""What holds where an argument is left out; the settings of a stack show the same values."""

from components.names import Delivery, FunctionDelivery, Language, RetryStrategy

_DAY = 86_400

BUS_DESCRIPTION = "Approvals in, audit messages out"
DELIVERY = Delivery.FUNCTION
LANGUAGE = Language.ENGLISH
FUNCTION_DELIVERY = FunctionDelivery.QUEUE
RETRY = RetryStrategy.BACKOFF

COMMAND_TIMEOUT_SECONDS = 300
CHAT_FUNCTION_SECONDS = 300
WATCH_FUNCTION_SECONDS = 45
"""Less than the minute after which its timer calls the function again."""
PATIENT_FUNCTION_SECONDS = 240
"""For functions that try temporary refusals again for 90 seconds, then once more, and then keep
what failed."""
WAKES_SECONDS = 300
"""How long a queue keeps a wake that nobody took."""
WORKING_DIRECTORY = "/root"
STALE_AFTER_SECONDS = _DAY

DEAD_LETTERS_SECONDS = 4 * _DAY
LONGEST_RETENTION_SECONDS = 7 * _DAY
"""How long a queue can keep a message (Simple Message Queue, "CreateQueue")."""
ARCHIVE_DAYS = 30
FUNCTION_LOGS_DAYS = 14

ONBOARDING_METHOD = "POST"
ONBOARDING_TIMEOUT_SECONDS = 10

LOOK_BACK_DAYS = 3
API_CALLS = 500
"""Of a platform, in one look for lost pushes."""

DEPLOYMENT_SESSION_SECONDS = 3600
