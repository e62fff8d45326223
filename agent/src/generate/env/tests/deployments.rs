//! What variables of a Redis that is several servers become: sentinels, and clusters.

use super::brief;

#[test]
fn a_redis_of_several_servers_is_what_its_variables_say() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        // sentinels, with what the primary is called and two logins
        ("SENTINEL_HOST=s1\nSENTINEL_PORT=26379\nSENTINEL_MASTER_NAME=main\nUSER=deploy\nPASSWORD=other\n", &[
            "redis, name: SENTINEL_HOST, host: s1, port: 26379, sentinel: main",
        ]),
        ("REDIS_SENTINELS=s1:26379\nREDIS_SENTINEL_MASTER=main\nREDIS_PASSWORD=pw\nREDIS_SSL=true\n", &[
            "redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main, use_tls: true, password: pw",
        ]),
        ("REDIS_SENTINELS=s1:26379,s2:26380\nREDIS_SENTINEL_MASTER_NAME=main\nREDIS_PASSWORD=pw\nREDIS_SENTINEL_PASSWORD=own\nREDIS_DB=2\n", &[
            "redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main, password: pw, sentinel_password: own, database: 2",
            "redis, name: REDIS_SENTINELS, host: s2, port: 26380, sentinel: main, password: pw, sentinel_password: own, database: 2",
        ]),
        ("REDIS_SENTINEL_HOST=s1\nREDIS_SENTINEL_PORT=26380\nREDIS_SENTINEL_MASTER=main\n", &[
            "redis, name: REDIS_SENTINEL_HOST, host: s1, port: 26380, sentinel: main",
        ]),
        // whichever client it is: Quarkus, Redisson, Spring, charts
        ("QUARKUS_REDIS_HOSTS=redis://s1:26379,redis://s2:26380\nQUARKUS_REDIS_CLIENT_TYPE=sentinel\nQUARKUS_REDIS_MASTER_NAME=main\nQUARKUS_REDIS_PASSWORD=pw\n", &[
            "redis, name: QUARKUS_REDIS_HOSTS, host: s1, port: 26379, sentinel: main, password: pw",
            "redis, name: QUARKUS_REDIS_HOSTS, host: s2, port: 26380, sentinel: main, password: pw",
        ]),
        ("QUARKUS_REDIS_HOSTS=redis://s1:26379\nQUARKUS_REDIS_CLIENT_TYPE=sentinel\n", &[
            "# QUARKUS_REDIS_HOSTS: only the connections to the sentinels are checked: what the primary is called is not said here; add `sentinel: NAME` to redis checks in their place",
            "tcp, name: QUARKUS_REDIS_HOSTS, host: s1, port: 26379",
        ]),
        ("QUARKUS_REDIS_HOSTS=redis://c1:6379/0,rediss://:pw@c2:6380\nQUARKUS_REDIS_CLIENT_TYPE=cluster\n", &[
            "redis, name: QUARKUS_REDIS_HOSTS, host: c1, port: 6379, cluster: true",
            "redis, name: QUARKUS_REDIS_HOSTS, host: c2, port: 6380, password: pw, use_tls: true, cluster: true",
        ]),
        ("QUARKUS_REDIS_HOSTS=redis://c1:6379\nQUARKUS_REDIS_CLIENT_TYPE=standalone\n", &["redis, name: QUARKUS_REDIS_HOSTS, host: c1, port: 6379"]),
        ("QUARKUS_REDIS_CACHE_HOSTS=redis://s1:26379\nQUARKUS_REDIS_CACHE_CLIENT_TYPE=sentinel\nQUARKUS_REDIS_CACHE_MASTER_NAME=main\nQUARKUS_REDIS_CACHE_PASSWORD=pw\n", &[
            "redis, name: QUARKUS_REDIS_CACHE_HOSTS, host: s1, port: 26379, sentinel: main, password: pw",
        ]),
        ("REDIS_SENTINEL_ADDRESSES=redis://s1:26379,redis://s2:26379/2\nREDIS_SENTINEL_MASTER_NAME=main\nREDIS_PASSWORD=pw\n", &[
            "redis, name: REDIS_SENTINEL_ADDRESSES, host: s1, port: 26379, sentinel: main, password: pw",
            "redis, name: REDIS_SENTINEL_ADDRESSES, host: s2, port: 26379, sentinel: main, database: 2, password: pw",
        ]),
        ("REDISSON_SENTINEL_ADDRESSES='[\"rediss://s1:26379\"]'\nREDISSON_MASTER_NAME=main\n", &[
            "redis, name: REDISSON_SENTINEL_ADDRESSES, host: s1, port: 26379, sentinel: main, use_tls: true",
        ]),
        ("APP__REDIS__SENTINEL__ADDRESSES=s1:26379\nAPP__REDIS__SENTINEL__MASTER_NAME=main\n", &[
            "redis, name: APP__REDIS__SENTINEL__ADDRESSES, host: s1, port: 26379, sentinel: main",
        ]),
        ("REDIS__SENTINELS=s1:26379\nREDIS__MASTER_NAME=main\nREDIS__PASSWORD=pw\n", &["redis, name: REDIS__SENTINELS, host: s1, port: 26379, sentinel: main, password: pw"]),
        ("REDIS__HOST=s1\nREDIS__PORT=26379\nREDIS__MODE=sentinel\nREDIS__MASTER_NAME=main\n", &["redis, name: REDIS__HOST, host: s1, port: 26379, sentinel: main"]),
        ("SPRING_DATA_REDIS_SENTINEL_NODES=s1:26379,s2:26379\nSPRING_DATA_REDIS_SENTINEL_MASTER=main\nSPRING_DATA_REDIS_SSL_ENABLED=true\n", &[
            "redis, name: SPRING_DATA_REDIS_SENTINEL_NODES, host: s1, port: 26379, sentinel: main, use_tls: true",
            "redis, name: SPRING_DATA_REDIS_SENTINEL_NODES, host: s2, port: 26379, sentinel: main, use_tls: true",
        ]),
        ("REDIS_SENTINELS=s1:26379\nREDIS_SENTINEL_MASTER=main\nREDIS_SENTINEL_TLS=true\n", &["redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main, sentinel_use_tls: true"]),
        ("REDIS_SENTINELS=s1:26379\nREDIS_SENTINEL_MASTER=main\nREDIS_SENTINEL_USE_TLS=1\nREDIS_TLS=1\n", &["redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main, use_tls: true"]),
        ("REDIS_SENTINEL_HOSTS=s1:26379\nREDIS_SENTINEL_MASTER=main\nREDIS_SENTINEL_SSL=false\nREDIS_SSL=true\n", &["redis, name: REDIS_SENTINEL_HOSTS, host: s1, port: 26379, sentinel: main, use_tls: true, sentinel_use_tls: false"]),
        ("REDIS_SENTINEL_URL=redis-sentinel://pw@s1:26379,s2/1#main\n", &[
            "redis, name: REDIS_SENTINEL_URL, host: s1, port: 26379, sentinel: main, password: pw, database: 1",
            "redis, name: REDIS_SENTINEL_URL, host: s2, port: 26379, sentinel: main, password: pw, database: 1",
        ]),
        // a cluster is one by the name of its nodes, or by what stands beside them
        ("REDIS_CLUSTER_NODES=c1:7000,c2:7001\nREDIS_PASSWORD=pw\nREDIS_DB=3\n", &[
            "redis, name: REDIS_CLUSTER_NODES, host: c1, port: 7000, password: pw, cluster: true",
            "redis, name: REDIS_CLUSTER_NODES, host: c2, port: 7001, password: pw, cluster: true",
        ]),
        ("SPRING_DATA_REDIS_CLUSTER_NODES=c1:7000\n", &["redis, name: SPRING_DATA_REDIS_CLUSTER_NODES, host: c1, port: 7000, cluster: true"]),
        ("REDIS_URL=redis://c1:7000/1\nREDIS_CLUSTER_ENABLED=true\n", &["redis, name: REDIS_URL, host: c1, port: 7000, cluster: true"]),
        ("REDIS_HOST=cache\nREDIS_CLUSTER=false\n", &["redis, name: REDIS_HOST, host: cache, port: 6379"]),
        ("REDIS_HOST=cache\nREDIS_MODE=sentinel\nREDIS_SENTINEL_HOSTS=s1:26379\nREDIS_SENTINEL_MASTER=main\n", &[
            "redis, name: REDIS_HOST, host: cache, port: 6379",
            "redis, name: REDIS_SENTINEL_HOSTS, host: s1, port: 26379, sentinel: main",
        ]),
        ("REDIS_CLUSTER_STARTUP_NODES='[{\"host\":\"c1\",\"port\":7000},{\"host\":\"c2\",\"port\":\"7001\"}]'\n", &[
            "redis, name: REDIS_CLUSTER_STARTUP_NODES, host: c1, port: 7000, cluster: true",
            "redis, name: REDIS_CLUSTER_STARTUP_NODES, host: c2, port: 7001, cluster: true",
        ]),
        ("REDIS_SENTINELS='[{\"host\":\"s1\",\"port\":26379}]'\nREDIS_SENTINEL_NAME=main\n", &["redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main"]),
        ("REDIS_SENTINELS=s1:26379\nREDIS_SENTINEL_MASTER=main\nREDIS_USERNAME=app\n", &[
            "# REDIS_SENTINELS: a user without a password: the check below does without the login",
            "redis, name: REDIS_SENTINELS, host: s1, port: 26379, sentinel: main",
        ]),
    ];
    for (text, checks) in table {
        assert_eq!(brief(text), *checks, "{text}");
    }
}
