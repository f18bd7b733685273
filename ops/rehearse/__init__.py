"""``make rehearse``: what an account can answer about Alibaba Cloud, asked with harmless means."""
