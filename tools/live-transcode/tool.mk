live-transcode_PKGS = libavdevice libavformat libavcodec libavutil
