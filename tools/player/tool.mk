# make player     the pages, in build/player
#
# Only this needs npm.  package-lock.json pins what it gets.

PLAYER_STATIC := $(shell find tools/player/static -type f)
NPM_CI         = npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

player: $(BUILD)/player/.static $(BUILD)/player/.lib

$(BUILD)/player/.static: $(PLAYER_STATIC)
	@mkdir -p $(BUILD)/player
	rm -rf $(BUILD)/player/js $(BUILD)/player/css
	cp -r tools/player/static/. $(BUILD)/player/
	@touch $@

$(BUILD)/player/.lib: tools/player/package-lock.json tools/player/build.mjs
	@mkdir -p $(BUILD)/player $(BUILD)/npm/player
	cp tools/player/package.json tools/player/package-lock.json \
	    $(BUILD)/npm/player/
	cd $(BUILD)/npm/player && $(NPM_CI)
	node tools/player/build.mjs $(BUILD)/npm/player/node_modules \
	    $(BUILD)/player
	rm -rf $(BUILD)/npm/player/node_modules
	@touch $@

.PHONY: player
