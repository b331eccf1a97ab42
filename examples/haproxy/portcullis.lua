-- HAProxy asks Portcullis about every request. Needs HAProxy 2.6 or later, built with Lua.
-- Portcullis: portcullis auth --for haproxy --key /etc/portcullis/public.pem --socket /run/portcullis/auth.sock

local function ask(txn)
  local user_agent = txn.http:req_get_headers()["user-agent"]
  return core.httpclient():get({
    url = "http://127.0.0.1/auth",
    dst = "unix@/run/portcullis/auth.sock",
    timeout = 5000,
    -- Nothing of what the client sent reaches the decision but the URL itself, as it was sent.
    headers = {
      ["x-original-uri"] = { txn.f:url() },
      ["user-agent"] = { user_agent and user_agent[0] or "" },
    },
  })
end

core.register_action("portcullis", { "http-req" }, function(txn)
  local answer = ask(txn)
  local headers = answer.headers or {}
  local function first(name)
    return headers[name] and headers[name][0]
  end
  -- For the log.
  txn:set_var("txn.portcullis_code", first("x-portcullis-code") or "unanswered")
  txn:set_var("txn.portcullis_token", first("x-portcullis-token") or "-")
  if answer.status == 204 then
    -- The configuration lets through what has this variable, and nothing else.
    txn:set_var("txn.portcullis", "allowed")
    return
  end
  if answer.status == 401 or answer.status == 403 then
    local reply = txn:reply({ status = answer.status, body = answer.body })
    for _, name in ipairs({ "content-type", "www-authenticate", "cache-control" }) do
      if first(name) then reply:add_header(name, first(name)) end
    end
    txn:done(reply)
  end
end)
