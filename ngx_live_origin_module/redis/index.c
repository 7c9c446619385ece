#include "redis/index.h"


ngx_live_origin_redis_script_t  ngx_live_origin_script_put = {

    "local k, n, p = KEYS[1], ARGV[1], ARGV[2]\n"
    "local function rank(line) return tonumber(string.match(line, '^%d+')) end\n"
    "local gone = redis.call('HGET', KEYS[2], 'gone')\n"
    "if gone and string.find(gone, ' ' .. ARGV[13] .. ' ', 1, true) then\n"
    "  return {'gone', ''}\n"
    "end\n"
    "local h = redis.call('HMGET', k, n, n .. '/' .. p, 'head',\n"
    "                     'pipelines')\n"
    "local chosen, old, head, all = h[1], h[2], h[3] or '-1', h[4] or ' '\n"
    "local what = 'new'\n"
    "if old then\n"
    "  if string.match(old, '^%d+ (%x+)') == ARGV[5] then\n"
    "    what = 'same'\n"
    "  elseif chosen == p and rank(old) <= tonumber(ARGV[4]) then\n"
    "    return {'superseded', chosen}\n"
    "  else\n"
    "    what = 'replaced'\n"
    "  end\n"
    "end\n"
    "local last = tonumber(ARGV[6]) - 1\n"
    "for i = 0, last do\n"
    "  if ARGV[14 + i] then\n"
    "    redis.call('SET', ARGV[7] .. i, ARGV[14 + i], 'PX', ARGV[8])\n"
    "  elseif redis.call('EXISTS', ARGV[7] .. i) == 0 then\n"
    "    return {'lost', chosen or ''}\n"
    "  end\n"
    "end\n"
    "chosen = chosen or p\n"
    "if what ~= 'same' then\n"
    "  if chosen ~= p then\n"
    "    local c = redis.call('HGET', k, n .. '/' .. chosen)\n"
    "    if not c or rank(c) > tonumber(ARGV[4]) then chosen = p end\n"
    "  end\n"
    "  if tonumber(n) > tonumber(head) then head = n end\n"
    "  if not string.find(all, ' ' .. p .. ' ', 1, true) then\n"
    "    all = all .. p .. ' '\n"
    "  end\n"
    "  redis.call('HSET', k, n .. '/' .. p, ARGV[3], n, chosen,\n"
    "             'head', head, 'pipelines', all)\n"
    "  local left = ARGV[10]\n"
    "  if redis.call('HDEL', k, left, left .. '!', left .. '/' .. p) > 0 then\n"
    "    for f in string.gmatch(all, '%S+') do\n"
    "      redis.call('HDEL', k, left .. '/' .. f)\n"
    "    end\n"
    "  end\n"
    "end\n"
    "redis.call('PEXPIRE', k, ARGV[9])\n"
    "redis.call('PUBLISH', ARGV[11], ARGV[12] .. ' ' .. chosen .. ' '\n"
    "                                 .. ARGV[5])\n"
    "return {what, chosen}\n",
    ""
};


ngx_live_origin_redis_script_t  ngx_live_origin_script_get = {

    "local k, n, p = KEYS[1], ARGV[1], ARGV[2]\n"
    "local chosen = redis.call('HGET', k, n)\n"
    "if not chosen then return {} end\n"
    "if p == '' then p = chosen end\n"
    "local line = redis.call('HGET', k, n .. '/' .. p)\n"
    "if not line then return {} end\n"
    "local digest, size = string.match(line, '^%d+ (%x+) (%d+)')\n"
    "if tonumber(size) > tonumber(ARGV[4]) then return {chosen, p, line} end\n"
    "local bytes = redis.call('GET', ARGV[3] .. digest .. ':0')\n"
    "if not bytes then return {chosen, p, line} end\n"
    "return {chosen, p, line, bytes}\n",
    ""
};


ngx_live_origin_redis_script_t  ngx_live_origin_script_forget = {

    "local k, field = KEYS[1], ARGV[1] .. '/' .. ARGV[2]\n"
    "local line = redis.call('HGET', k, field)\n"
    "if not line then return 0 end\n"
    "local digest, parts = string.match(line, '^%d+ (%x+) %d+ (%d+)')\n"
    "if not digest then return 0 end\n"
    "for i = 0, tonumber(parts) - 1 do\n"
    "  if redis.call('EXISTS', ARGV[3] .. digest .. ':' .. i) == 0 then\n"
    "    return redis.call('HDEL', k, field)\n"
    "  end\n"
    "end\n"
    "return 0\n",
    ""
};


ngx_live_origin_redis_script_t  ngx_live_origin_script_gap = {

    "if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0\n"
    "   and redis.call('HSETNX', KEYS[1], ARGV[1] .. '!', 'gap') == 1 then\n"
    "  redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
    "  redis.call('PUBLISH', ARGV[3], ARGV[4])\n"
    "end\n"
    "return 1\n",
    ""
};


ngx_live_origin_redis_script_t  ngx_live_origin_script_event = {

    "local k = KEYS[1]\n"
    "local h = redis.call('HMGET', k, 'life', 'serial', 'gone', 'doc_us',\n"
    "                     'stamp')\n"
    "local life, serial = h[1], tonumber(h[2] or '-1')\n"
    "if h[3] and string.find(h[3], ' ' .. ARGV[1] .. ' ', 1, true) then\n"
    "  return {'gone'}\n"
    "end\n"
    "local base, doc_us = tonumber(ARGV[2]), tonumber(h[4] or '-1')\n"
    "local new = not life or serial ~= tonumber(ARGV[3])\n"
    "if life and (life ~= ARGV[1] or serial > base\n"
    "             or serial == base and h[5] ~= ARGV[10]\n"
    "             or not new and doc_us > tonumber(ARGV[5])) then\n"
    "  local r = redis.call('HMGET', k, 'live', 'doc', 'doc_us')\n"
    "  return {'old', r[1], r[2], r[3]}\n"
    "end\n"
    "if new then\n"
    "  redis.call('HSET', k, 'life', ARGV[1], 'serial', ARGV[3],\n"
    "             'live', ARGV[4], 'stamp', ARGV[11])\n"
    "end\n"
    "if new and tonumber(ARGV[5]) >= doc_us then\n"
    "  redis.call('HSET', k, 'doc_us', ARGV[5], 'doc', ARGV[6])\n"
    "end\n"
    "redis.call('PEXPIRE', k, ARGV[7])\n"
    "if new then redis.call('PUBLISH', ARGV[8], ARGV[9]) end\n"
    "return {'ok'}\n",
    ""
};


ngx_live_origin_redis_script_t  ngx_live_origin_script_delete = {

    "local k = KEYS[1]\n"
    "local life = redis.call('HGET', k, 'life')\n"
    "if life and life ~= ARGV[1] then return {'other'} end\n"
    "local gone = ' ' .. ARGV[1] .. (redis.call('HGET', k, 'gone') or ' ')\n"
    "redis.call('DEL', k)\n"
    "redis.call('HSET', k, 'gone', string.match(string.sub(gone, 1, 180),\n"
    "                                           '^.* '))\n"
    "redis.call('PEXPIRE', k, ARGV[2])\n"
    "for i = 2, #KEYS do\n"
    "  local media = string.gsub(KEYS[i], '}:track:', '}:media:', 1)\n"
    "  local h = redis.call('HLEN', KEYS[i]) > 20000 and {}\n"
    "            or redis.call('HGETALL', KEYS[i])\n"
    "  for j = 1, #h, 2 do\n"
    "    local n = string.match(h[j], '^(%d+)/')\n"
    "    if n then\n"
    "      local digest, parts = string.match(h[j + 1],\n"
    "                                         '^%d+ (%x+) %d+ (%d+)')\n"
    "      for part = 0, tonumber(parts or 0) - 1 do\n"
    "        redis.call('UNLINK', media .. ':' .. n .. ':' .. digest .. ':'\n"
    "                             .. part)\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  redis.call('UNLINK', KEYS[i])\n"
    "end\n"
    "redis.call('PUBLISH', ARGV[3], ARGV[4])\n"
    "return {'ok'}\n",
    ""
};


static void
ngx_live_origin_key_end(lo_buf_t *b)
{
    lo_buf_put(b, "", 1);
    b->pos--;
    b->need--;
}


static void
ngx_live_origin_key(lo_buf_t *b, const ngx_str_t *prefix, const lo_str_t *event,
    const char *kind)
{
    lo_buf_put(b, prefix->data, prefix->len);

    if (event) {
        lo_buf_puts(b, "{");
        lo_buf_put(b, event->data, event->len);
        lo_buf_puts(b, "}:");
    }

    lo_buf_puts(b, kind);
}


void
ngx_live_origin_key_events(lo_buf_t *b, const ngx_str_t *prefix)
{
    ngx_live_origin_key(b, prefix, NULL, "events");
    ngx_live_origin_key_end(b);
}


void
ngx_live_origin_key_channel(lo_buf_t *b, const ngx_str_t *prefix)
{
    ngx_live_origin_key(b, prefix, NULL, "news");
    ngx_live_origin_key_end(b);
}


void
ngx_live_origin_key_event(lo_buf_t *b, const ngx_str_t *prefix, lo_str_t event)
{
    ngx_live_origin_key(b, prefix, &event, "event");
    ngx_live_origin_key_end(b);
}


void
ngx_live_origin_key_init(lo_buf_t *b, const ngx_str_t *prefix, lo_str_t event,
    uint64_t digest)
{
    ngx_live_origin_key(b, prefix, &event, "init:");
    lo_buf_printf(b, "%016llx", (unsigned long long) digest);
    ngx_live_origin_key_end(b);
}


void
ngx_live_origin_key_track(lo_buf_t *b, const ngx_str_t *prefix, lo_str_t event,
    lo_str_t track)
{
    ngx_live_origin_key(b, prefix, &event, "track:");
    lo_buf_put(b, track.data, track.len);
    ngx_live_origin_key_end(b);
}


void
ngx_live_origin_key_parts(lo_buf_t *b, const ngx_str_t *prefix, lo_str_t event,
    lo_str_t track, int64_t number, const unsigned char *digest)
{
    unsigned  i;

    ngx_live_origin_key(b, prefix, &event, "media:");
    lo_buf_put(b, track.data, track.len);
    lo_buf_printf(b, ":%lld:", (long long) number);

    for (i = 0; digest && i < 16; i++) {
        lo_buf_printf(b, "%02x", digest[i]);
    }

    if (digest) {
        lo_buf_puts(b, ":");
    }

    ngx_live_origin_key_end(b);
}
