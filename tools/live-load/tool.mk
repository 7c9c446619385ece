live-load_PKGS = openssl
