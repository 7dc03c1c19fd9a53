"""Reads a mail from standard input as another program's parser sees it; prints one fact a line."""

import email
import email.policy
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(message.iter_parts())
print("defects:", [type(defect).__name__ for part in message.walk() for defect in part.defects])
print("header defects:", [str(value.defects) for value in message.values() if value.defects])
print("subject:", message["Subject"])
print("to:", [address.addr_spec for address in message["To"].addresses])
print("date:", message["Date"].datetime.isoformat())
print("bcc:", message["Bcc"])
print("threaded:", message["In-Reply-To"] == message["References"])
print("types:", [part.get_content_type() for part in parts])
print("text:", "größer als 85% = high" in parts[0].get_content())
print("html:", "größer als 85% = high" in parts[1].get_content())
print("script:", "<script" in parts[1].get_content())
