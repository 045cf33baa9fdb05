"""Defaults of a crawl, by topic. Any of them can be given with ``-s NAME=value``; docs/settings.md lists ours.

Secrets and contact details come from the environment.
"""

import os
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent

# --- Project -----------------------------------------------------------------------------------------------------------------------
BOT_NAME = "copydesk"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# --- What and where to -------------------------------------------------------------------------------------------------------------
# A TOML file or a folder of them: the catalogue of sources.
SOURCES = str(PROJECT_DIR / "crawler" / "sources")
# Folder of everything that is written; see output/README.md.
OUTPUT_DIR = str(PROJECT_DIR / "output")
# Where articles/, corpus/, copies/ and rejected/ lie instead: s3://bucket/prefix, gs://…, abfss://… or file:///folder. State and reports
# stay in OUTPUT_DIR: SQLite and locks need a local disk. Credentials come from the environment. docs/store.md#object-stores.
DATASETS_URI = ""

# "3/16" crawls the third of sixteen parts of the source list, one registrable domain in one part; empty is all of it.
SHARD = ""

# --- Who we are --------------------------------------------------------------------------------------------------------------------
# Sites should be able to reach whoever runs the crawl: set COPYDESK_CONTACT to a page or an e-mail address.
# No "+http" in it: some servers drop clients that send that.
CONTACT = os.environ.get("COPYDESK_CONTACT", "")
USER_AGENT = f"copydesk/0.1 ({CONTACT or 'news corpus crawler'})"
ROBOTSTXT_USER_AGENT = "copydesk"

# --- Politeness --------------------------------------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True
# RFC 9309, 2.4: a copy of robots.txt should not be used for longer than 24 hours, unless the server cannot be reached (2.3.1.4:
# 30 days). One that could not be had is asked for again after so many seconds, when its host's next request comes up.
ROBOTSTXT_CACHE_HOURS = 24.0
ROBOTSTXT_STALE_DAYS = 30.0
ROBOTSTXT_RETRY_SECONDS = 300.0
# 401 and 403 for robots.txt: "allow" as RFC 9309 says of all 4xx, or "disallow" as fundus does.
ROBOTSTXT_FORBIDDEN = "allow"
# Seconds: a longer Crawl-delay is kept at this and told. Common Crawl's news crawler takes up to 120.
ROBOTSTXT_MAX_CRAWL_DELAY = 120.0
# What publishers say of training language models (robots.txt groups of known agents, TDMRep): "record" it with the article, or "obey" it.
TRAINING_OPT_OUT = "record"
# Ask each host once in ROBOTSTXT_CACHE_HOURS for /.well-known/tdmrep.json.
TDMREP_ENABLED = True
# Requests to one host at a time, a second apart at least; a source may ask for more with delay_seconds.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
# First in, first out among requests of one priority: feeds name the newest first.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
# Scrapy's jitter, a share of the delay; here it only ever adds, so that a delay is kept as promised.
DOWNLOAD_DELAY_JITTER = 0.25
DOWNLOADER = "crawler.pacing.PacedDownloader"
SCHEDULER_PRIORITY_QUEUE = "crawler.pacing.PacedPriorityQueue"
# Over all sites. Requests that wait for their site's delay count too, so this is about how many sites are crawled side by side.
CONCURRENT_REQUESTS = 64
# Items of one response that are processed side by side; ours yield one, and Scrapy starts so many tasks for each response.
CONCURRENT_ITEMS = 1
COOKIES_ENABLED = False

# --- Patience ----------------------------------------------------------------------------------------------------------------------
# 429, 503, other 5xx and lost connections pause their host: for what Retry-After says, else for so many seconds, twice as long after
# each failure in a row, and up to as much again at random.
HOST_BACKOFF_SECONDS = 2.0
HOST_BACKOFF_MAX_SECONDS = 60.0
# After so many failures in a row a host rests for so many seconds; then one request decides whether the run goes on with it.
HOST_FAILURES_TO_REST = 5
HOST_REST_SECONDS = 60.0
# What a run waits for one host in all: the most that a bad host can hold up its end. What is left then is asked for by the next run.
HOST_WAIT_BUDGET_SECONDS = 300.0
# A longer Retry-After is taken for this; beyond the budget it binds the next runs too.
RETRY_AFTER_MAX_HOURS = 24.0

# --- Limits ------------------------------------------------------------------------------------------------------------------------
# Bytes after decompression; the largest of 718 news pages measured was 4 MB. Scrapy's default is 1 GiB.
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
# MB of bodies that are being downloaded, all together: what comes on top is given up and asked again by the next run.
DOWNLOAD_IN_FLIGHT_MB = 128
DOWNLOAD_TIMEOUT = 30
# All that discovery takes, which counts longer ones: Scrapy drops what is over its 2,083 and the run would not say so. Discovery takes 4,096
# characters, as the site writes them; a request escapes them, to twelve each at most.
URLLENGTH_LIMIT = 12 * 4096
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
# Each is a counted rejection that is asked again later.
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"
MEMUSAGE_LIMIT_MB = 2048
# Bodies (bytes) that wait for extraction before downloads pause: enough to keep two workers busy with pages of 0.3 MB.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 10_000_000

# --- Safety ------------------------------------------------------------------------------------------------------------------------
# Requests to private, loopback and link-local addresses are refused, by literal address and after name resolution. True only in tests.
ALLOW_PRIVATE_ADDRESSES = False
TWISTED_DNS_RESOLVER = "crawler.resolver.PublicAddressResolver"
DOWNLOAD_HANDLERS = {
    "http": "crawler.handlers.BoundedHandler",
    "https": "crawler.handlers.BoundedHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# --- Discovery ---------------------------------------------------------------------------------------------------------------------
# Feeds send the same ETag after changing: after so many answers 304 in a row, or so many hours, ask for the whole feed again.
DISCOVER_FULL_FETCH_AFTER_UNCHANGED = 20
DISCOVER_FULL_FETCH_AFTER_HOURS = 24.0
# A sitemap index may name thousands of children; the newest by lastmod are read.
DISCOVER_MAX_CHILD_SITEMAPS = 50
# Ask only the feeds, sitemaps and sections whose time has come by what they yielded so far: for scheduled runs. Off, a crawl by hand asks
# all of its sources and says which were not due.
DISCOVER_ONLY_DUE = False
# Ages, counted from its first fetch, at which an article is fetched again to see whether its text changed: ["1h", "6h", "24h"]; empty is off.
# Off, because each age costs a site one more request an article.
ARTICLE_REVISITS: list[str] = []
# What one run asks of one source at most, whatever it names; the rest is left to the next run. A page a second is 3,600 an hour.
DISCOVER_MAX_URLS_PER_SOURCE = 5_000
DISCOVER_MAX_SITEMAPS_PER_SOURCE = 200

# --- Extraction --------------------------------------------------------------------------------------------------------------------
# Worker processes; -1 is one per core, 0 extracts in the crawl's own process (debugging).
EXTRACT_WORKERS = -1
# Seconds of CPU time for one page; five times as long by the clock. The slowest of 718 real pages takes 0.3 s.
EXTRACT_TIMEOUT_SECONDS = 20.0
# A worker is replaced after so many pages: lxml and the extractors keep some memory.
EXTRACT_PAGES_PER_WORKER = 1000
# Address space of a worker, MB; 0 is no limit. A 5 MB page of 50,000 paragraphs takes about 350 MB.
EXTRACT_MEMORY_MB = 2048
# Who decides what is text: "blocks" (the block model, trafilatura as second opinion; more exact and faster, docs/text_quality.md) or
# "trafilatura" alone.
EXTRACTOR = "blocks"

# --- Scrubbing ---------------------------------------------------------------------------------------------------------------------
# A body with fewer words is rejected as too_short. News flashes have 25 to 40.
SCRUB_MIN_WORDS = 25
# Cut short lines that repeat on many different articles of one source: what its crawls showed to be its boilerplate. They are noted
# down all the same when this is off.
SCRUB_SOURCE_MEMORY = True

# --- Store -------------------------------------------------------------------------------------------------------------------------
# A batch is written when it has so many articles or its first one has waited so long: what a kill can lose (it is then crawled again).
STORE_BATCH_ARTICLES = 200
STORE_BATCH_SECONDS = 30.0
# Seconds between folds while a crawl runs; the corpus is brought up to date at each fold, and at the end.
STORE_FOLD_SECONDS = 120.0

# --- Dedup -------------------------------------------------------------------------------------------------------------------------
# How many days before the newest article another one was fetched, so that the index no longer keeps its shingles, more than half of what it
# takes: a fold that looks at it again reads its text from the log. Copies come within days. 0 keeps all.
DEDUP_KEEP_SHINGLES_DAYS = 90.0

# --- Archive -----------------------------------------------------------------------------------------------------------------------
# Write everything that is fetched to WARC files below archive/, for a replay with later rules (docs/archive.md). Needs the extra [warc].
ARCHIVE_WARC = False
# MB (10^6 bytes) after which a new file is begun; Common Crawl takes 1,000.
ARCHIVE_WARC_MB = 1000

# --- Report ------------------------------------------------------------------------------------------------------------------------
# Write runs/<run_id>/report.html at the end of a crawl, about 0.5 MB in a fraction of a second; scrapy report makes it at any time.
REPORT_PAGE = True

# --- Monitors and progress ---------------------------------------------------------------------------------------------------------
# Judge every crawl, tell the webhook. Off: a crawl by hand is looked at anyway; scrapy collect switches it on.
MONITORS_ENABLED = False
# A run is compared with the last so many before it that asked the same source. A day of hourly runs would be 24; fewer follow changes sooner.
MONITOR_RUNS = 10
# Shares of fewer requests or pages are not judged: one of three is chance.
MONITOR_MIN_PAGES = 20
# Articles a run: the yield of a source that usually gives fewer is not judged, for it is often 0.
MONITOR_YIELD_MIN = 5.0
# Fail when a source stores less than this share (0 to 1) of its median. Nights and Sundays are quiet, broken sources are near 0.
MONITOR_YIELD_SHARE = 0.2
# Fail when more than this share (0 to 1) of a source's, or of all, requests failed.
MONITOR_ERROR_SHARE = 0.25
# Fail when robots.txt refuses more than this share (0 to 1) of a source's requests.
MONITOR_ROBOTS_SHARE = 0.5
# Fail when the share of a source's pages that is rejected for one reason is so much (0 to 1) above its median.
MONITOR_REJECTION_RISE = 0.25
# Fail when a feed, sitemap or section gave nothing so many times in a row. Its back-off spreads three over three hours at least.
MONITOR_DEAD_AFTER = 3
# Fail when fewer MB are free below OUTPUT_DIR: time to react before commits fail.
MONITOR_DISK_FREE_MB = 1024.0
# http(s) address that gets a JSON POST when a monitor failed, and when all is well again; its path is often a secret.
MONITOR_WEBHOOK = os.environ.get("COPYDESK_WEBHOOK", "")
# Seconds that the end of a run waits for it.
MONITOR_WEBHOOK_TIMEOUT_SECONDS = 5.0
# How a crawl shows its progress: "live" on a terminal, "log" lines, "off"; "auto" is live on a terminal, else log.
PROGRESS = "auto"
# Seconds between two log lines of progress.
PROGRESS_LOG_SECONDS = 60.0
# Print nothing at the end of a crawl but failed monitors.
QUIET = False
# A crawl that is asked to end (SIGTERM, Ctrl-C) gives requests on their way so many seconds; what is left is asked by the next run.
STOP_GRACE_SECONDS = 5.0

# --- Wiring ------------------------------------------------------------------------------------------------------------------------
ITEM_PIPELINES = {
    "crawler.item_pipelines.ProcessPages": 100,
    "crawler.item_pipelines.StoreArticles": 300,
}
DOWNLOADER_MIDDLEWARES = {
    # Spiders have no allowed_domains: what discovery admits and where a redirect may lead is decided by source. No site has a password.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "crawler.middlewares.PrivateAddressGuard": 50,
    "crawler.middlewares.PatienceWithHosts": 60,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.StrictRobotsTxt": 100,
    "crawler.middlewares.OptOuts": 105,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "crawler.middlewares.QuickMetaRefresh": 580,
    # Sees an answer when it is unpacked (590), and before its redirects by <meta> (580) and retries (550).
    "crawler.middlewares.CompleteEndings": 585,
    # Sees an answer before Scrapy's HttpCompressionMiddleware (590) unpacks it.
    "crawler.middlewares.FewLayers": 595,
    # Next to the downloader: archives what the server sent.
    "crawler.archive.ArchiveAnswers": 880,
}
# Each takes every result of every answer in hand: no Referer is sent, no request is judged by its depth, and none is made of another's meta.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
EXTENSIONS = {
    "crawler.extensions.RunReport": 500,
    "crawler.extensions.LoopMonitor": 500,
    "crawler.ending.TimelyEnd": 500,
    "crawler.progress.Progress": 500,
    # Says the same as our progress, and less.
    "scrapy.extensions.logstats.LogStats": None,
}

# --- Log ---------------------------------------------------------------------------------------------------------------------------
LOG_LEVEL = "INFO"
# Of callbacks: Scrapy parses the source of one again as soon as no request has it any more, an eighth of what the process of a crawl did.
WARN_ON_GENERATOR_RETURN_VALUE = False
# Rejections are counted and stored; thousands of log lines would hide what matters.
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"
