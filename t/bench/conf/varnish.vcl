vcl 4.1;

# beside: Varnish 7.1 with all objects in malloc storage

backend origin {
    .host = "127.0.0.1";
    .port = "%%UPSTREAM%%";
}

sub vcl_recv {
    return (hash);
}

sub vcl_backend_response {
    set beresp.ttl = 1h;
    set beresp.do_stream = false;
}
