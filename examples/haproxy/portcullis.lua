-- HAProxy asks Portcullis about each request; haproxy.cfg says how to set it up.

local function ask(txn)
  local user_agent = txn.http:req_get_headers()["user-agent"]
  return core.httpclient():get({
    url = "http://127.0.0.1/auth",
    -- Below HAProxy's chroot: /var/lib/haproxy/portcullis/auth.sock.
    dst = "unix@/portcullis/auth.sock",
    timeout = 5000,
    -- Only the URL, exactly as the client sent it, and the User-Agent are passed to Portcullis.
    headers = {
      ["x-original-uri"] = { txn.f:url() },
      ["user-agent"] = { user_agent and user_agent[0] or "" },
    },
  })
end

core.register_action("portcullis", { "http-req" }, function(txn)
  local response = ask(txn)
  local headers = response.headers or {}
  local function first(name)
    return headers[name] and headers[name][0]
  end
  -- For the log.
  txn:set_var("txn.portcullis_code", first("x-portcullis-code") or "no-response")
  txn:set_var("txn.portcullis_token", first("x-portcullis-token") or "-")
  if response.status == 204 then
    -- haproxy.cfg passes on only requests with this variable.
    txn:set_var("txn.portcullis", "allowed")
    return
  end
  if response.status == 401 or response.status == 403 then
    local reply = txn:reply({ status = response.status, body = response.body })
    for _, name in ipairs({ "content-type", "www-authenticate", "cache-control" }) do
      if first(name) then reply:add_header(name, first(name)) end
    end
    txn:done(reply)
  end
end)
