// What the page says, in English and Chinese; what programs and people wrote stays as it is.

const EN = {
  skip: "Skip to content", nav: "Views", requests: "Requests", letters: "Dead letters", chats: "Chats",
  instances: "Instances", rules: "Rules", functions: "Functions", faults: "Faults", post: "Post an event",
  live: "live", away: "the local cloud does not answer; waiting for it", theme_auto: "Theme: system",
  theme_light: "Theme: light", theme_dark: "Theme: dark", language: "中文", language_name: "Switch to Chinese",
  keys: "Keys: / search · j k rows · Enter open · Esc back · 1–8 views",
  all: "All", attention: "Needs attention", running: "running", retrying: "retrying", "given up": "given up",
  delivered: "delivered", pending: "pending", "dead-letter": "dead letter", dropped: "dropped",
  failed: "failed", done: "done", "no rule matched": "no rule matched",
  search: "Search: request, label, event, run or source", filter: "State", time: "Time", request: "Request",
  source: "Source", where: "Instances", status: "Status", told: "Told in", nobody: "nobody", older: "Older",
  newest: "Newest", no_requests: "Nothing has happened yet.", none_found: "No request is like that.",
  no_requests_hint: "Post an event here, or let a program publish one: it appears by itself.",
  back: "All requests", way: "The way of the request", event: "Event", rule: "Rule", target: "Target",
  attempt: "attempt", next_try: "next try", in: "in", run: "Run", exit: "exit code", output: "Output", log: "Log",
  call: "Function", called_again: "is called again", message: "Chat", body: "The event as JSON", why: "Why did the other rules not match?",
  not_matched: "did not match", not_matched_at_all: "No rule matched this event.", seconds: "s", replay: "Replay",
  replayed: "Published again", letter: "Given up", lies_in: "lies in", follow: "The same in a terminal",
  no_letters: "There are no dead letters.", reason: "Reason", since: "Since", replay_all: "Replay all", queue: "Queue",
  queues: "Queues", active: "waiting", inactive: "received", delayed: "delayed", in_60: "in 60 s", of: "of",
  closed: "takes nothing for", no_messages: "No message yet.", no_chats: "There are no chats: the file of serve --config names them.",
  accounts: "Accounts", account: "Account", groups: "Groups", shell: "Shell", expires: "Valid until", expired: "locked",
  no_end: "no end", no_accounts: "No account of a person yet.", runs_now: "scripts running", files: "Files", tags: "Tags",
  pattern: "Pattern", targets: "Targets", disabled: "disabled", bus: "Bus", dead_queue: "dead letters to",
  why_title: "Why did this event not match?", event_id: "Id of an event", ask: "Explain", try_title: "Try a pattern on an event",
  event_or_id: "An event as JSON, or its id", try: "Try", matches: "matches", no_rules: "There is no rule yet.",
  no_functions: "There is no function yet.", no_log: "The function was not called yet.", runtime: "Runtime", memory: "Memory",
  timeout: "Timeout", handler: "Handler", choose_function: "Choose a function to read its log.",
  no_faults: "Nothing is made to fail.", make_fail: "Make something fail", fails: "What", times: "How often", error: "Error code",
  delay: "Delay in s", set: "Set", clear: "Clear", clear_all: "Clear all", post_hint: "What a platform would post. It goes through the source's webhook, as if the platform had sent it.",
  send: "Post", posted: "Posted", as_curl: "With curl", as_command: "As a command", copy: "Copy", copied: "Copied", no_sources: "No event source takes posts yet: deploy something first.",
  body_label: "Body", not_json: "This is not JSON", shown_newest: "The newest", page: "Page", instance: "Instance", refused: "Refused by", close: "Close", open_request: "open the request",
};

const ZH = {
  skip: "跳到内容", nav: "视图", requests: "请求", letters: "死信", chats: "群聊", instances: "实例", rules: "规则",
  functions: "函数", faults: "故障", post: "投递事件", live: "实时", away: "本地云没有应答，正在等待",
  theme_auto: "主题：跟随系统", theme_light: "主题：浅色", theme_dark: "主题：深色", language: "English", language_name: "切换到英文",
  keys: "快捷键：/ 搜索 · j k 移动 · Enter 打开 · Esc 返回 · 1–8 视图",
  all: "全部", attention: "需要处理", running: "进行中", retrying: "重试中", "given up": "已放弃",
  delivered: "已投递", pending: "待投递", "dead-letter": "死信", dropped: "已丢弃", failed: "失败",
  done: "完成", "no rule matched": "没有规则匹配", search: "搜索：请求、标签、事件、执行或来源", filter: "状态", time: "时间",
  request: "请求", source: "来源", where: "实例", status: "结果", told: "已通知", nobody: "无", older: "更早", newest: "最新",
  no_requests: "还没有发生任何事。", none_found: "没有这样的请求。", no_requests_hint: "在这里投递一个事件，或让程序发布一个：它会自动出现。",
  back: "全部请求", way: "请求的完整链路", event: "事件", rule: "规则", target: "目标", attempt: "第几次", next_try: "下次重试", in: "于",
  run: "执行", exit: "退出码", output: "输出", log: "日志", call: "函数", called_again: "将再次调用", message: "群聊", body: "事件 JSON",
  why: "其余规则为什么没有匹配？", not_matched: "没有匹配", not_matched_at_all: "没有规则匹配这个事件。", seconds: "秒", replay: "重新投递",
  replayed: "已重新发布", letter: "已放弃", lies_in: "在队列", follow: "在终端里看同样的内容", no_letters: "没有死信。", reason: "原因",
  since: "自", replay_all: "全部重新投递", queue: "队列", queues: "队列", active: "等待", inactive: "处理中", delayed: "延迟", in_60: "60 秒内",
  of: "/", closed: "暂停接收", no_messages: "还没有消息。", no_chats: "没有群聊：由 serve --config 的文件指定。", accounts: "账号", account: "账号",
  groups: "组", shell: "Shell", expires: "有效期至", expired: "已锁定", no_end: "无期限", no_accounts: "还没有人员账号。", runs_now: "个脚本运行中",
  files: "文件", tags: "标签", pattern: "模式", targets: "目标", disabled: "已停用", bus: "总线", dead_queue: "死信进入",
  why_title: "这个事件为什么没有匹配？", event_id: "事件 ID", ask: "解释", try_title: "用一个事件试一个模式", event_or_id: "事件 JSON 或事件 ID",
  try: "试一试", matches: "匹配", no_rules: "还没有规则。", no_functions: "还没有函数。", no_log: "函数还没有被调用。", runtime: "运行时",
  memory: "内存", timeout: "超时", handler: "入口", choose_function: "选择一个函数查看日志。", no_faults: "没有设置故障。", make_fail: "制造故障",
  fails: "对象", times: "次数", error: "错误码", delay: "延迟（秒）", set: "设置", clear: "清除", clear_all: "全部清除",
  post_hint: "平台会投递的内容。它经过事件源的 webhook，与平台自己发送一样。", send: "投递", posted: "已投递", as_curl: "用 curl", as_command: "用命令",
  copy: "复制", copied: "已复制", no_sources: "还没有可以投递的事件源：请先部署。", body_label: "内容", not_json: "这不是 JSON", shown_newest: "最新",
  page: "页面", instance: "实例", refused: "被拒绝", close: "关闭", open_request: "打开请求",
};

const TABLES = { en: EN, zh: ZH };

function stored(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

export function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* a private window keeps nothing */ }
}

export let language = stored("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
export const theme = () => stored("theme") ?? "auto";

export function speak(to) {
  language = to;
  remember("language", to);
}

export const w = (key) => TABLES[language][key] ?? EN[key] ?? key;
export const titleOf = (name, label) => label?.titles?.[language] ?? name;
export const sameWords = () => Object.keys(EN).filter((k) => !(k in ZH)).concat(Object.keys(ZH).filter((k) => !(k in EN)));
