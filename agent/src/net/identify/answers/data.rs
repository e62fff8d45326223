//! Data bases, caches, brokers and remote access.

use super::Answer;
use crate::services;

/// Servers that programs talk to.
pub(in super::super) const DATA: &[Answer] = &[
    Answer {
        server: "Redis 7.0.15, sent PING",
        said: b"+PONG\r\n",
        service: &services::REDIS,
        detail: "+PONG",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent a memcached command",
        said: b"-ERR unknown command 'version', with args beginning with: \r\n",
        service: &services::REDIS,
        detail: "-ERR unknown command 'version', with args beginning with:",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent EHLO",
        said: b"-ERR unknown command 'EHLO', with args beginning with: 'localhost' \r\n",
        service: &services::REDIS,
        detail: "-ERR unknown command 'EHLO', with args beginning with: 'localhost'",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent half a command",
        said: b"-ERR Protocol error: expected '$', got 'P'\r\n",
        service: &services::REDIS,
        detail: "-ERR Protocol error: expected '$', got 'P'",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent GET alone",
        said: b"-ERR wrong number of arguments for 'get' command\r\n",
        service: &services::REDIS,
        detail: "-ERR wrong number of arguments for 'get' command",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent HELLO",
        said: b"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\npro\
            to\r\n:2\r\n$2\r\nid\r\n:18\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n\
            $6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
        service: &services::REDIS,
        detail: "redis 7.0.15",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15, sent HELLO 3",
        said: b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nprot\
            o\r\n:3\r\n",
        service: &services::REDIS,
        detail: "redis 7.0.15",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15 with a password, sent PING",
        said: b"-NOAUTH Authentication required.\r\n",
        service: &services::REDIS,
        detail: "-NOAUTH Authentication required.",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15 with a password, sent a wrong one",
        said: b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        service: &services::REDIS,
        detail: "-WRONGPASS invalid username-password pair or user is disabled.",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15 without a password, sent one",
        said: b"-ERR AUTH <password> called without any password configured for the default user\
            . Are you sure your configuration is correct?\r\n",
        service: &services::REDIS,
        detail: "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is ...",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15 with too many clients",
        said: b"-ERR max number of clients reached\r\n",
        service: &services::REDIS,
        detail: "-ERR max number of clients reached",
        wants_tls: false,
    },
    Answer {
        server: "Redis 7.0.15 in protected mode, from another address",
        said: b"-DENIED Redis is running in protected mode because protected mode is enabled and\
            \x20no password is set for the default user. In",
        service: &services::REDIS,
        detail: "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default u...",
        wants_tls: false,
    },
    Answer {
        server: "memcached 1.6.18, sent PING",
        said: b"ERROR\r\n",
        service: &services::MEMCACHED,
        detail: "ERROR",
        wants_tls: false,
    },
    Answer {
        server: "memcached 1.6.18, sent PING in Redis's other form",
        said: b"ERROR\r\nERROR\r\nERROR\r\n",
        service: &services::MEMCACHED,
        detail: "ERROR",
        wants_tls: false,
    },
    Answer {
        server: "memcached 1.6.18, sent its own command",
        said: b"VERSION 1.6.18\r\n",
        service: &services::MEMCACHED,
        detail: "VERSION 1.6.18",
        wants_tls: false,
    },
    Answer {
        server: "memcached 1.6.18 with a password, sent an HTTP request",
        said: b"CLIENT_ERROR unauthenticated\r\n",
        service: &services::MEMCACHED,
        detail: "CLIENT_ERROR unauthenticated",
        wants_tls: false,
    },
    Answer {
        server: "memcached 1.6.18 with too many clients",
        said: b"ERROR Too many open connections\r\n",
        service: &services::MEMCACHED,
        detail: "ERROR Too many open connections",
        wants_tls: false,
    },
    Answer {
        server: "MariaDB 10.11.19",
        said: b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0aJ1Q)u3>\0\xfe\xf7\x08\x02\
            \0\xff\x81\x15\0\0\0\0\0\0\x1d\0\0\0}zn9oFL.?3~C\0mysql_native_password\0",
        service: &services::MYSQL,
        detail: "MariaDB 10.11.19",
        wants_tls: false,
    },
    Answer {
        server: "MariaDB 10.11.19, sent an HTTP request",
        said: b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x05\0\0\x002Kc3oZRl\0\xfe\xf7\x08\
            \x02\0\xff\x81\x15\0\0\0\0\0\0\x1d\0\0\0Jk[fq#WoJb0e\0mysql_native_password\0!\0\
            \0\x01\xff\x84\x04#08S01Got packets out of order",
        service: &services::MYSQL,
        detail: "MariaDB 10.11.19",
        wants_tls: false,
    },
    Answer {
        server: "MariaDB 10.11.19, its second packet",
        said: b"!\0\0\x01\xff\x84\x04#08S01Got packets out of order",
        service: &services::MYSQL,
        detail: "MySQL error 1156: Got packets out of order",
        wants_tls: false,
    },
    Answer {
        server: "MariaDB 10.11.19, from an address that may not log in",
        said: b"D\0\0\0\xffj\x04Host '10.77.0.1' is not allowed to connect to this MariaDB serve\
            r",
        service: &services::MYSQL,
        detail: "MySQL error 1130: Host '10.77.0.1' is not allowed to connect to this MariaDB server",
        wants_tls: false,
    },
    Answer {
        server: "MariaDB 10.11.19 with too many clients",
        said: b"\x17\0\0\0\xff\x10\x04Too many connections",
        service: &services::MYSQL,
        detail: "MySQL error 1040: Too many connections",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, asked for TLS it has",
        said: b"S",
        service: &services::POSTGRES,
        detail: "S (PostgreSQL offers TLS)",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, asked for TLS it has not",
        said: b"N",
        service: &services::POSTGRES,
        detail: "N (PostgreSQL without TLS)",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, sent its own packet",
        said: b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0",
        service: &services::POSTGRES,
        detail: "PostgreSQL asking for SCRAM-SHA-256",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, sent a packet of protocol 4.0",
        said: b"E\0\0\0\x83SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 4.0: server su\
            pports 3.0 to 3.0\0Fpostmaster.c\0L2222\0RProcessStartupPacket\0\0",
        service: &services::POSTGRES,
        detail: "PostgreSQL error 0A000: unsupported frontend protocol 4.0: server supports 3.0 to 3.0",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, sent a packet of protocol 2.0",
        said: b"EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0\n\0",
        service: &services::POSTGRES,
        detail: "PostgreSQL error: FATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18 with too many clients",
        said: b"E\0\0\0USFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0Fproc.c\0L357\
            \0RInitProcess\0\0",
        service: &services::POSTGRES,
        detail: "PostgreSQL error 53300: sorry, too many clients already",
        wants_tls: false,
    },
    Answer {
        server: "PostgreSQL 15.18, from an address that may not log in",
        said: b"E\0\0\0\x8fSFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.1\",\
            \x20user \"x\", database \"y\", no encryption\0Fauth.c\0L544\0RClientAuthenticat\
            ion\0\0",
        service: &services::POSTGRES,
        detail: r#"PostgreSQL error 28000: no pg_hba.conf entry for host "127.0.0.1", user "x", database "y", no encryption"#,
        wants_tls: false,
    },
    Answer {
        server: "RabbitMQ 3.10.8, sent an HTTP request",
        said: b"AMQP\0\0\t\x01",
        service: &services::AMQP,
        detail: "AMQP 0-9-1",
        wants_tls: false,
    },
    Answer {
        server: "RabbitMQ 3.10.8, sent its own header",
        said: b"\x01\0\0\0\0\x01\xf1\0\n\0\n\0\t\0\0\x01\xcc\x0ccapabilitiesF\0\0\0\xc7\x12publi\
            sher_confirmst\x01\x1aexchange_exchange_bindingst\x01\nbasic.nackt\x01\x16consum\
            er_cancel_notif",
        service: &services::AMQP,
        detail: "AMQP 0-9-1, connection.start",
        wants_tls: false,
    },
    Answer {
        server: "nats-server 2.9.10",
        said: b"INFO {\"server_id\":\"NBZKZTRQ4NOJ5SCNTE6RDMLYLHN72J7B7OJHU7KCR6CUN2JI6WJHSBDI\"\
            ,\"server_name\":\"NBZKZTRQ4NOJ5SCNTE6RDMLYLHN72J7B7OJHU7KCR6CUN2JI6WJHSBDI\",\"\
            version\":\"2.9.10\",\"proto\":1,\"go\":\"go1.19.8\",\"host\":\"127.0.0.1\",\"po\
            rt\":47897,\"headers\":true,\"max_payload\":",
        service: &services::NATS,
        detail: "NATS 2.9.10",
        wants_tls: false,
    },
    Answer {
        server: "nats-server 2.9.10 with TLS",
        said: b"INFO {\"server_id\":\"NBCGPBC2NWAGWHCWJNDAZ223OGRETCXDC6F6EPSFMJASY7KEZJGU43ON\"\
            ,\"server_name\":\"NBCGPBC2NWAGWHCWJNDAZ223OGRETCXDC6F6EPSFMJASY7KEZJGU43ON\",\"\
            version\":\"2.9.10\",\"proto\":1,\"go\":\"go1.19.8\",\"host\":\"127.0.0.1\",\"po\
            rt\":49875,\"headers\":true,\"tls_required\":true,\"max_payload\":1048576,\"clie\
            nt_id\":5,\"client_ip\":\"127.0.0.1\"} \r\n",
        service: &services::NATS,
        detail: "NATS 2.9.10",
        wants_tls: true,
    },
    Answer {
        server: "OpenSSH 9.2p1",
        said: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n",
        service: &services::SSH,
        detail: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
        wants_tls: false,
    },
    Answer {
        server: "OpenSSH 9.2p1, sent an HTTP request",
        said: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\nInvalid SSH identification string.\r\
            \n",
        service: &services::SSH,
        detail: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
        wants_tls: false,
    },
    Answer {
        server: "OpenSSH 9.2p1 with too many clients",
        said: b"Exceeded MaxStartups\r\n",
        service: &services::SSH,
        detail: "Exceeded MaxStartups",
        wants_tls: false,
    },
    Answer {
        server: "Dropbear 2022.83",
        said: b"SSH-2.0-dropbear_2022.83\r\n\0\0\x02\x1c\x0b\x14\xcd\x1b\x1f?o\x95\xb5\xab\xdfR\
            \x03\x1eZC+\x02\0\0\0\xd8curve25519-sha256,curve25519-sha256@libssh.org,e",
        service: &services::SSH,
        detail: "SSH-2.0-dropbear_2022.83",
        wants_tls: false,
    },
    Answer {
        server: "TigerVNC 1.12.0",
        said: b"RFB 003.008\n",
        service: &services::VNC,
        detail: "RFB 003.008",
        wants_tls: false,
    },
    Answer {
        server: "TigerVNC 1.12.0 after too many failures",
        said: b"RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures",
        service: &services::VNC,
        detail: "RFB 003.003",
        wants_tls: false,
    },
    Answer {
        server: "xrdp 0.9.21, sent its own request",
        said: b"\x03\0\0\x13\x0e\xd0\0\0\x124\0\x02\x01\x08\0\x01\0\0\0",
        service: &services::RDP,
        detail: "RDP connection answer",
        wants_tls: false,
    },
    Answer {
        server: "xrdp 0.9.21, sent an HTTP request",
        said: b"\x03\0\0\t\x02\xf0\x80!\x80",
        service: &services::RDP,
        detail: "RDP connection answer",
        wants_tls: false,
    },
    Answer {
        server: "OpenLDAP 2.5.13, sent its own request",
        said: b"0\x0c\x02\x01\x01a\x07\n\x01\0\x04\0\x04\0",
        service: &services::LDAP,
        detail: "LDAP bind response, result 0",
        wants_tls: false,
    },
    Answer {
        server: "OpenLDAP 2.5.13, asked for STARTTLS",
        said: b"0\x0c\x02\x01\x01x\x07\n\x01\0\x04\0\x04\0",
        service: &services::LDAP,
        detail: "LDAP extended response, result 0",
        wants_tls: false,
    },
    Answer {
        server: "OpenLDAP 2.5.13 without TLS, asked for STARTTLS",
        said: b"0\x2a\x02\x01\x01x\x25\n\x01\x02\x04\0\x04\x1eunsupported extended operation",
        service: &services::LDAP,
        detail: "LDAP extended response, result 2",
        wants_tls: false,
    },
    Answer {
        server: "OpenLDAP 2.5.13, told to hang up",
        said: b"0\x35\x02\x01\0x\x30\n\x01\x34\x04\0\x04\x11the server leaves\x8a\x161.3.6.1.4.1.1466.20036",
        service: &services::LDAP,
        detail: "LDAP notice of disconnection, result 52",
        wants_tls: false,
    },
    Answer {
        server: "mosquitto 2.0.11, sent a CONNECT of MQTT 3.1.1 without a login",
        said: b"\x20\x02\0\x05",
        service: &services::MQTT,
        detail: "MQTT CONNACK, code 5",
        wants_tls: false,
    },
    Answer {
        server: "mosquitto 2.0.11 with a retained message, sent CONNECT and SUBSCRIBE at once",
        said: b"\x20\x02\0\0\x90\x03\0\x01\0\x31\x10\0\x0aorders/newkept",
        service: &services::MQTT,
        detail: "MQTT CONNACK, code 0",
        wants_tls: false,
    },
    Answer {
        server: "mosquitto 2.0.11, sent a CONNECT of MQTT 5",
        said: b"\x20\x09\0\0\x06\x22\0\x0a\x21\0\x14",
        service: &services::MQTT,
        detail: "MQTT 5 CONNACK, reason code 0x00",
        wants_tls: false,
    },
    Answer {
        server: "mosquitto 2.0.11, sent a CONNECT of MQTT 5 without a login",
        said: b"\x20\x03\0\x87\0",
        service: &services::MQTT,
        detail: "MQTT 5 CONNACK, reason code 0x87",
        wants_tls: false,
    },
    Answer {
        server: "rsync 3.5.0",
        said: b"@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n",
        service: &services::RSYNC,
        detail: "@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4",
        wants_tls: false,
    },
    Answer {
        server: "rsync 3.5.0, sent PING",
        said: b"@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n@ERROR: protocol startup error\n",
        service: &services::RSYNC,
        detail: "@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4",
        wants_tls: false,
    },
];
