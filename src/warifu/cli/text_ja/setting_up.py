"""Setting up, the simulated exchanges, and the demo."""

SETTING_UP: dict[str, str] = {
    # --- setting up ---
    "API key: ": "API キー: ",
    "The profile is ready.": "プロファイルができました。",
    "profile": "プロファイル",
    "service": "サービス",
    "certificate": "証明書",
    "A SIMULATION: connect devices that ask for this exchange's host to that address (repeat).": (
        "シミュレーション: デバイスがこの取引所のホストを求めたとき、このアドレスにつなぎます(繰り返し可)。"
    ),
    "SIMULATION: {what} is no real exchange": "シミュレーション: {what} は本物の取引所ではありません",
    "no chain backend was named: add one to service.toml before you receive or send": (
        "チェーンのバックエンドがありません。受け取りや支払いの前に service.toml に加えてください"
    ),
    "Keep a backup of the profile and of the unlock key, in two different places.": (
        "プロファイルと解錠鍵の控えを、別々の場所に置いてください。"
    ),
    "Next: warifu up": "次は: warifu up",
    "The service answers at {url}": "サービスが {url} で応えています",
    "Authorize the same transfer again?": "同じ送金をもう一度承認しますか",
    "Set up this machine: your profile, a custody service, and a device of its own.": (
        "このマシンを用意します: プロファイル、カストディサービス、このマシンの端末。"
    ),
    "Nothing that exists is overwritten. Afterwards 'warifu up' starts it.": (
        "今あるものは上書きしません。そのあと 'warifu up' で動かします。"
    ),
    "Bitcoin network.": "Bitcoin のネットワーク。",
    "Where the service listens.": "サービスが待ち受けるアドレス。",
    "Its port.": "そのポート。",
    "Its address as clients and devices reach it (default: https://LISTEN:PORT).": (
        "クライアントと端末から見たアドレス（既定: https://LISTEN:PORT）。"
    ),
    "Chain backend: esplora, core, electrum or compact-filters for Bitcoin; CHAIN:rpc for others (repeat; the "
    "first of a chain is preferred).": (
        "チェーンのバックエンド: Bitcoin には esplora、core、electrum、compact-filters、"
        "ほかのチェーンには CHAIN:rpc（繰り返し可。チェーンごとに先のものが優先）。"
    ),
    "Cookie file with which the node of '--backend core=...' lets its users in.": (
        "「--backend core=...」のノードが利用者を認めるためのクッキーファイル。"
    ),
    "How often the chain is asked.": "チェーンにたずねる間隔（秒）。",
    "The service's directory.": "サービスのディレクトリ。",
    "Make this file with the key of the service's database, instead of leaving it to the local device.": (
        "サービスのデータベースの鍵をこのファイルに作ります（端末に任せる代わりに）。"
    ),
    "Name of this machine's own device.": "このマシンの端末の名前。",
    "No device on this machine; needs --storage-key.": "このマシンに端末を置きません。--storage-key が必要です。",
    "Make this file with the device's unlock key; choose another medium than its store (a USB stick).": (
        "端末の解錠鍵をこのファイルに作ります。保管場所とは別の媒体（USB メモリなど）を選んでください。"
    ),
    "Make a profile for a service on another machine; asks for an API key of it.": (
        "別のマシンのサービスのためのプロファイルを作ります。その API キーをたずねます。"
    ),
    "The fingerprint is in the profile on the service's machine; bring it here by your own hand.": (
        "指紋はサービスのマシンのプロファイルにあります。自分の手で運んでください。"
    ),
    "SHA-256 of the service's certificate.": "サービスの証明書の SHA-256。",
    "Start the custody service and this machine's own device, and keep them running until Ctrl-C.": (
        "カストディサービスとこのマシンの端末を、Ctrl-C まで動かします。"
    ),
    "At the first start the device of this machine is enrolled with your profile.": (
        "最初に動かすとき、このマシンの端末をプロファイルに登録します。"
    ),
    "File with the key of the service's database (default: the local device has it).": (
        "サービスのデータベースの鍵のファイル（既定: 端末が持っています）。"
    ),
    # --- the simulated exchanges ---
    "Run a simulation of Coinbase and Binance on this machine, for rehearsals: nothing in it is worth anything.": (
        "Coinbase と Binance の模擬をこのマシンで動かします。練習用で、その中のものに価値はありません。"
    ),
    (
        "It answers under the exchanges' own names on one loopback port, over TLS by an authority of its own, and "
        "moves coins on a local Bitcoin chain. Its control door makes customers and bad days."
    ): (
        "一つのループバックポートで、取引所自身の名前で、自前の認証局の TLS で答え、"
        "手元の Bitcoin チェーンでコインを動かします。制御口から顧客と悪い日を作れます。"
    ),
    "Where it keeps what it remembers (default: nowhere).": "覚えていることを置く場所（既定：どこにも置かない）。",
    "Port on 127.0.0.1; 0 lets the system choose.": "127.0.0.1 のポート。0 ならシステムが選びます。",
    "Esplora interface of a local regtest chain (default: one of its own).": (
        "手元の regtest チェーンの Esplora インターフェース（既定：自前のチェーン）。"
    ),
    "JSON-RPC of a local Solana chain (default: none).": "手元の Solana チェーンの JSON-RPC（既定：なし）。",
    "JSON-RPC of a local Ethereum chain (default: none).": "手元の Ethereum チェーンの JSON-RPC（既定：なし）。",
    "Seconds after which the house changes its offers; 0: never.": "胴元が気配を変えるまでの秒数。0：変えない。",
    "After how many blocks a deposit is credited.": "入金を認めるまでのブロック数。",
    "This is a simulation of exchanges: nothing in it is worth anything.": (
        "これは取引所の模擬です。その中のものに価値はありません。"
    ),
    "hosts": "ホスト",
    "address": "アドレス",
    "authority": "認証局",
    "control door": "制御口",
    "Bitcoin chain": "Bitcoin チェーン",
    "Ctrl-C ends it.": "Ctrl-C で終わります。",
    "The simulation has ended.": "模擬を終わりました。",
    # --- the demo ---
    "Play the eight steps of a transfer with three devices on a local chain, and what must not work.": (
        "三つの端末と手元のチェーンで、送金の八つの段階と、通ってはならないことを見せます。"
    ),
    "It takes less than two minutes, uses real processes and real roads, and leaves nothing behind.": (
        "二分もかかりません。本物のプロセスと本物の道を使い、何も残しません。"
    ),
    "Keep the temporary directory for a look.": "見られるように、一時ディレクトリを残します。",
    "Warifu: the eight steps of a transfer, on this machine, for real.": (
        "割符: 送金の八つの段階を、このマシンで、本当に。"
    ),
    "The platform is UnsafeSoftware: isolation by the operating system, and no TEE.": (
        "プラットフォームは UnsafeSoftware です: OS による隔離だけで、TEE ではありません。"
    ),
    "Three chains, one service, three devices": "三つのチェーン、一つのサービス、三つの端末",
    "A regtest chain judged by Bitcoin Core's own engine (its mempool rules are ours): {url}": (
        "Bitcoin Core のエンジンが裁く regtest チェーン（mempool の規則は自前）: {url}"
    ),
    "The custody service runs; its database is locked with a key from the device 'home'.": (
        "カストディサービスが動いています。データベースは端末 'home' の鍵で閉じています。"
    ),
    "'{name}' and the owner both show {digits}: nobody sits between them": (
        "'{name}' と所有者の両方に {digits} が出ています。間に誰もいません"
    ),
    "three devices are enrolled and connected, each with an enclave process": (
        "三つの端末が登録され、つながりました。それぞれにエンクレーブがあります"
    ),
    "'{name}': {count} layers of isolation on; not on: {off}": "'{name}': 隔離の層 {count}、効いていない層: {off}",
    "Keys are born in three pieces, and never exist whole": "鍵が三つに割られて生まれ、全体はどこにもありません",
    "all three devices signed the same birth: {keys}": "三つの端末が同じ誕生に署名しました: {keys}",
    "the owner's client derives the address itself: {address}": (
        "所有者のクライアントが自分でアドレスを導きます: {address}"
    ),
    "{amount} arrived in block: {txid}": "{amount} がブロックに入りました: {txid}",
    "The eight steps of a transfer, signed by '{a}' and '{b}'": "送金の八つの段階。署名は '{a}' と '{b}'",
    "the owner labels it: {label}": "所有者がラベルを付けます: {label}",
    "'{name}' is switched off; the other two sign": "'{name}' を切り、残りの二つが署名します",
    "The processes of '{name}' have ended.": "'{name}' のプロセスは終わりました。",
    "read by the owner's client from the transaction itself: {amount} to {address}, fee {fee} sat": (
        "所有者のクライアントがトランザクションから読んだもの: {amount} を {address} へ、手数料 {fee} sat"
    ),
    "each device computes what it signs itself: {digest}": "各端末が署名するものを自分で計算します: {digest}",
    "accepted: {txid}": "受け入れられました: {txid}",
    "Bitcoin Core's engine accepted it in block {block}": "Bitcoin Core のエンジンがブロック {block} に受け入れました",
    "each signer wrote it down": "各署名者が日誌に書きました",
    "Three refusals": "三つの拒否",
    "a swapped output under a genuine authorization: {reason}": "本物の承認に、すり替えた出力: {reason}",
    "'{name}' would not sign it: {reason}": "'{name}' は署名しません: {reason}",
    "one signer alone: {reason}": "署名者一人だけ: {reason}",
    "a wrong passphrase: {reason}": "違うパスフレーズ: {reason}",
    "A thief takes the disk of '{name}' and the service's disk": (
        "泥棒が '{name}' のディスクとサービスのディスクを取ります"
    ),
    "{count} files, {bytes} bytes, each byte is searched": "{count} ファイル、{bytes} バイトを、一バイトずつ探します",
    "the search works: it finds the service's address, which is public": (
        "探し方は確かです: 公開されているサービスのアドレスは見つかります"
    ),
    "no address, no amount, no label, no key, no passphrase": (
        "アドレスも、金額も、ラベルも、鍵も、パスフレーズもありません"
    ),
    "{count} databases, none of which opens without its key": "データベース {count} 個、どれも鍵なしには開きません",
    "without its unlock key the device does not open: {reason}": "解錠鍵なしには端末は開きません: {reason}",
    "All {count} checks passed in {seconds} seconds.": "{count} の確認がすべて {seconds} 秒で通りました。",
    "the files stay in {root}": "ファイルは {root} に残っています",
    # --- the demo's TPM ---
    "the library tpm2-pytss is not installed": "ライブラリ tpm2-pytss がありません",
    "swtpm is not installed": "swtpm がありません",
    "No TPM simulator ({why}), so all devices run on UnsafeSoftware: tools/setup-tpm.sh": (
        "TPM シミュレータがない（{why}）ので、どの端末も UnsafeSoftware で動きます: tools/setup-tpm.sh"
    ),
    "'{name}' seals with a TPM 2.0. Here it is a simulator (swtpm), which protects nothing; the commands are real.": (
        "'{name}' は TPM 2.0 で封じます。ここではシミュレータ（swtpm）で、何も守りません。命令は本物です。"
    ),
    "'{name}' shows for this very question: {kind}, {count} measurements; it counts as tier {tier}": (
        "'{name}' がまさにこの問いに示したもの: {kind}、測定値 {count} 個。階層 {tier} として扱います"
    ),
    "with its unlock key, but another kernel command line, its TPM keeps it shut: {reason}": (
        "解錠鍵があっても、カーネルのコマンドラインが異なれば、TPM が閉じたままにします: {reason}"
    ),
    "started again as its owner approved it, it opens": "持ち主が承認したとおりに起動し直すと、開きます",
}
