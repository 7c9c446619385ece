live-packager_PKGS = libavformat libavcodec libavutil libcurl
