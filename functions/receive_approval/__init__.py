"""Takes native approvals of DingTalk and Lark: pushed, confirmed, and handed over."""
