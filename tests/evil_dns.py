#!/usr/bin/env python3
"""A name server whose every answer tries to move the cursor.

    evil_dns.py FILE        writes its port into FILE, and answers by UDP
"""
import os
import socket
import struct
import sys

EVIL = ("\x1b[2J\x1b]0;owned\x07\x9b1m\r\n\t\u202egnp.\u200b\u2028\x7f"
        .encode() + b"\x9b\xff\x00")


def name_end(query, at):
    while query[at]:
        at += query[at] + 1
    return at + 1


def text_of(name):
    if b"_smtp" in name:
        return b"v=TLSRPTv1; rua=mailto:" + EVIL + b"; x=" + EVIL
    if b"_mta-sts" in name:
        return b"v=STSv1; id=" + EVIL + b";"
    return b"v=spf1 include:" + EVIL + b" -all"


def answer(query):
    end = name_end(query, 12)
    kind = struct.unpack(">H", query[end:end + 2])[0]
    data = b""
    if kind == 16:
        text = text_of(query[12:end])
        data = bytes([len(text)]) + text
    elif kind == 15:
        label = EVIL[:40]
        data = b"\0\x0a" + bytes([len(label)]) + label + b"\x07example\0"
    head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, bool(data), 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
    return head + query[12:end + 4] + (record if data else b"")


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
            file.write(str(server.getsockname()[1]))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        while True:
            query, peer = server.recvfrom(4096)
            server.sendto(answer(query), peer)


if __name__ == "__main__":
    main()
