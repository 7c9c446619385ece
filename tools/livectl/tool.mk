livectl_PKGS = libcurl
