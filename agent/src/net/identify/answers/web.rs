//! Web, mail and file servers, and TLS.

use super::Answer;
use crate::services;

/// Servers that people talk to.
pub(in super::super) const WEB: &[Answer] = &[
    Answer {
        server: "nginx 1.22.1, asked for a page",
        said: b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\
            \nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        service: &services::HTTP,
        detail: "HTTP/1.1 200 OK, Server: nginx/1.22.1",
        wants_tls: false,
    },
    Answer {
        server: "nginx 1.22.1, sent a TLS ClientHello",
        said: b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07\
            :02 GMT\r\nContent-Type: text/html\r\nContent-Length: 157\r\nConnection: close\r\
            \n\r\n<html>\r\n<head><title>400 Bad Request</title></he",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
        wants_tls: false,
    },
    Answer {
        server: "nginx 1.22.1, sent PING",
        said: b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 2",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
        wants_tls: false,
    },
    Answer {
        server: "nginx 1.22.1 with TLS, asked for a page in plain text",
        said: b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07\
            :02 GMT\r\nContent-Type: text/html\r\nContent-Length: 255\r\nConnection: close\r\
            \n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</\
            title></head>\r\n<body>\r\n<center><",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
        wants_tls: true,
    },
    Answer {
        server: "nginx 1.22.1 with TLS 1.2, sent a ClientHello",
        said: b"\x16\x03\x03\0E\x02\0\0A\x03\x03MWh\xb1\xb9\xca<\xb7i\xbc\xe4t,\xe6\\\xc9z\xac\
            \xacV!\xd9Qq\x8f\x1c/q\xbe",
        service: &services::TLS,
        detail: "TLS ServerHello",
        wants_tls: true,
    },
    Answer {
        server: "nginx 1.22.1 with HTTP/2 in plain text, sent EHLO",
        said: b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff\0\0\
            \x04\x08\0\0\0\0\0\x7f\xff\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        service: &services::HTTP,
        detail: "HTTP/2 SETTINGS",
        wants_tls: false,
    },
    Answer {
        server: "HAProxy 2.6.12, sent an HTTP/2 preface",
        said: b"\0\0\x0c\x04\0\0\0\0\0\0\x08\0\0\0\x01\0\x03\0\0\0d\0\0\0\x04\x01\0\0\0\0",
        service: &services::HTTP,
        detail: "HTTP/2 SETTINGS",
        wants_tls: false,
    },
    Answer {
        server: "HAProxy 2.6.12, asked for a page without a back end",
        said: b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cac\
            he\r\ncontent-type: text/html\r\nconnection: clo",
        service: &services::HTTP,
        detail: "HTTP/1.1 503 Service Unavailable",
        wants_tls: false,
    },
    Answer {
        server: "HAProxy 2.6.12, sent an AMQP header",
        said: b"HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nCon\
            nection: close\r\nContent-Type: text/html\r\n\r\n<html><body><h1>400 Bad request\
            </h1>\nYour browser sent an invalid request.\n</body></html>\n",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad request",
        wants_tls: false,
    },
    Answer {
        server: "Apache 2.4.71, sent a TLS ClientHello",
        said: b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nServer: Apach\
            e/2.4.71 (Debian) OpenSSL/3.0.19\r\nContent-Length: 266\r\nConnectio",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: Apache/2.4.71 (Debian) OpenSSL/3.0.19",
        wants_tls: false,
    },
    Answer {
        server: "Apache 2.4.71 with TLS, asked for a page in plain text",
        said: b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nServer: Apach\
            e/2.4.71 (Debian) OpenSSL/3.0.19\r\nContent-Length: 402\r\nConnection: close\r\n\
            Content-Type: text/html; charset=iso-8859-1\r\n\r\n<!DOCTYPE HTML PUBLIC \"-//W3\
            C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\
            \n<title>400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n<p>Your b\
            rowser sent a request that this server could not understand.<br />\nReason: You'\
            re speaking plain HTTP to an SSL-enabled server port.<br ",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: Apache/2.4.71 (Debian) OpenSSL/3.0.19",
        wants_tls: true,
    },
    Answer {
        server: "Apache 2.4.71 with TLS 1.3, sent a ClientHello",
        said: b"\x16\x03\x03\0z\x02\0\0v\x03\x03\x13\xf6\x0b:\xd21\x0e\xef\x92\x07\xd5\x9a\xdd\
            \x18\xe4\xca!\xfe\x98\xa3\xd5\xa9\xde\xd5\x0f\xac\x7fz\xbc\xb9\xd7\x06 \xd4B8\
            \xac\xda\x96\x1a\x13\xf2\x1f(:\x03f~\xb2",
        service: &services::TLS,
        detail: "TLS ServerHello",
        wants_tls: true,
    },
    Answer {
        server: "Squid 5.7, sent PING",
        said: b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nMime-Version: 1.0\r\nDate: Sat,\
            \x2021 Nov 2026 07:07:07 GMT\r\nContent-Type: text/",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request, Server: squid/5.7",
        wants_tls: false,
    },
    Answer {
        server: "Go 1.26 net/http, sent a memcached command",
        said: b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnectio\
            n: close\r\n\r\n400 Bad Request",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request",
        wants_tls: false,
    },
    Answer {
        server: "Go 1.26 net/http with TLS, asked for a page in plain text",
        said: b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\
            \n",
        service: &services::HTTP,
        detail: "HTTP/1.0 400 Bad Request",
        wants_tls: true,
    },
    Answer {
        server: "Python 3.11 http.server, sent EHLO",
        said: b"<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\"\
            >\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>E\
            rror response</h1>\n        <p>Error code: 400</p>\n        <p>Message: Bad HTTP\
            /0.9 request ",
        service: &services::HTTP,
        detail: "an HTML page: Error response",
        wants_tls: false,
    },
    Answer {
        server: "BusyBox 1.35.0 httpd, sent PING",
        said: b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:12:50 GMT\r\nConnection: c\
            lose\r\nContent-",
        service: &services::HTTP,
        detail: "HTTP/1.1 400 Bad Request",
        wants_tls: false,
    },
    Answer {
        server: "RabbitMQ 3.10.8 with TLS, sent anything in plain text",
        said: b"\x15\x03\x01\0\x02\x02\n",
        service: &services::TLS,
        detail: "TLS alert unexpected_message",
        wants_tls: true,
    },
    Answer {
        server: "vsftpd 3.0.3 with implicit TLS, sent an HTTP request",
        said: b"500 OOPS: error:0A00009C:SSL routines::http request\r\n",
        service: &services::FTP,
        detail: "500 OOPS: error:0A00009C:SSL routines::http request",
        wants_tls: true,
    },
    Answer {
        server: "vsftpd 3.0.3 with implicit TLS, sent a PostgreSQL packet",
        said: b"500 OOPS: error:0A00010B:SSL routines::wrong version number\r\n500 OOPS: priv_so\
            ck_get_cmd\r\n",
        service: &services::FTP,
        detail: "500 OOPS: error:0A00010B:SSL routines::wrong version number",
        wants_tls: true,
    },
    Answer {
        server: "vsftpd 3.0.3",
        said: b"220 (vsFTPd 3.0.3)\r\n",
        service: &services::FTP,
        detail: "220 (vsFTPd 3.0.3)",
        wants_tls: false,
    },
    Answer {
        server: "vsftpd 3.0.3, sent EHLO",
        said: b"220 (vsFTPd 3.0.3)\r\n530 Please login with USER and PASS.\r\n",
        service: &services::FTP,
        detail: "220 (vsFTPd 3.0.3)",
        wants_tls: false,
    },
    Answer {
        server: "Pure-FTPd 1.0.50",
        said: b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are use\
            r number 1 of 50 allowed.\r\n220-Local time is now 07:12. Server port: 60091.\r\
            \n220-IPv6 connections are also welcome on this server.\r\n220 You will be disco\
            nnected after 15 minutes ",
        service: &services::FTP,
        detail: "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------",
        wants_tls: false,
    },
    Answer {
        server: "Exim 4.96",
        said: b"220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:06:59 +0000\r\n",
        service: &services::SMTP,
        detail: "220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:06:59 +0000",
        wants_tls: false,
    },
    Answer {
        server: "Exim 4.96, sent a TLS ClientHello",
        said: b"220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:07:04 +0000\r\n501 NUL char\
            acters are not allowed in SMTP commands\r\n501 NUL characters are not allowed in\
            \x20SMT",
        service: &services::SMTP,
        detail: "220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:07:04 +0000",
        wants_tls: false,
    },
    Answer {
        server: "aiosmtpd 1.4.6, sent PING",
        said: b"220 localhost Python SMTP 1.4.6\r\n500 Error: command \"PING\" not recognized\r\
            \n",
        service: &services::SMTP,
        detail: "220 localhost Python SMTP 1.4.6",
        wants_tls: false,
    },
    Answer {
        server: "Dovecot 2.3.19",
        said: b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ START\
            TLS AUTH=PLAIN] Dovecot (Debian) ready.\r\n",
        service: &services::IMAP,
        detail: "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot (Debian) ready.",
        wants_tls: false,
    },
    Answer {
        server: "Dovecot 2.3.19, just started",
        said: b"* OK Waiting for authentication process to respond..\r\n* OK [CAPABILITY IMAP4re\
            v1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot \
            (Debian) ready.\r\n* BAD Error in IMAP comma",
        service: &services::IMAP,
        detail: "* OK Waiting for authentication process to respond..",
        wants_tls: false,
    },
    Answer {
        server: "Dovecot 2.3.19",
        said: b"+OK Dovecot (Debian) ready.\r\n",
        service: &services::POP3,
        detail: "+OK Dovecot (Debian) ready.",
        wants_tls: false,
    },
    Answer {
        server: "Dovecot 2.3.19 with APOP, sent PING",
        said: b"+OK Dovecot ready. <4157.a.6b014472.RFjVl2/T2aVvBOhkVkt4dg==@mail.example>\r\n-E\
            RR Unknown command.\r\n",
        service: &services::POP3,
        detail: "+OK Dovecot ready. <4157.a.6b014472.RFjVl2/T2aVvBOhkVkt4dg==@mail.example>",
        wants_tls: false,
    },
];
