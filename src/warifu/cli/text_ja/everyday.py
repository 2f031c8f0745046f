"""What every command can say, and the words of the road: devices, wallets, a transfer."""

EVERYDAY: dict[str, str] = {
    # --- what every command can say ---
    "Error": "エラー",
    "Not done": "行われなかったこと",
    "What to do": "すること",
    "At fault": "原因となった相手",
    "Wait": "待ち時間",
    "Code": "コード",
    "Warning": "警告",
    "Examples": "例",
    "Stopped.": "止めました。",
    "{seconds} seconds": "{seconds} 秒",
    "yes": "はい",
    "no": "いいえ",
    "NO": "していません",
    "why": "理由",
    "what to do": "すること",
    "name": "名前",
    "total": "合計",
    # --- families of errors ---
    "What came in is malformed, too long, or means nothing here: a caller's or a sender's mistake.": (
        "入力の形が正しくないか、長すぎるか、ここでは意味を持ちません。"
    ),
    "The owner's authorization is missing, forged, expired, replayed, or for something else.": (
        "所有者の承認がないか、偽物か、期限切れか、使い回しか、別のことへの承認です。"
    ),
    "The passphrase is wrong, must wait, or is locked out; or its envelope does not open here.": (
        "パスフレーズが違うか、待つ必要があるか、締め出されています。または封筒がここでは開きません。"
    ),
    "The wallet's policy does not allow this.": "ウォレットのポリシーがこれを許していません。",
    "The raw transaction is not what the owner authorized, or is not fully understood.": (
        "トランザクションが、所有者の承認したものと違うか、すべては理解できないものです。"
    ),
    "A signer or the service sent something that an honest one never sends. ``blame`` names it.": (
        "署名者かサービスが、正直なら決して送らないものを送りました。"
    ),
    "A ceremony (key generation, signing) ended without a result.": "鍵の生成または署名が、結果なしに終わりました。",
    "A store on disk is missing, truncated, altered, of another device, or cannot be written.": (
        "ディスク上の保管データがないか、途中で切れているか、書き換えられているか、別の端末のものか、書き込めません。"
    ),
    "The platform (TEE or its software stand-in) will not seal, unseal, count or attest.": (
        "プラットフォーム（TEE またはその代わりのソフトウェア）が、封印・開封・計数・証明をしません。"
    ),
    "No chain backend gave a usable answer.": "チェーンのどのバックエンドからも、使える答えがありません。",
    "The network refuses the signed transaction; the reason is the node's own.": (
        "署名済みのトランザクションをネットワークが拒みました。理由はノードの言葉です。"
    ),
    "The custody service cannot be reached, does not know the caller, or cannot do what was asked.": (
        "カストディサービスにつながらないか、呼び手を知らないか、頼まれたことができません。"
    ),
    "The machine lacks something that safe operation needs; ``warifu doctor`` shows the whole list.": (
        "安全な運用に必要なものが、このマシンに欠けています。"
    ),
    # --- the eight steps ---
    "Request": "依頼",
    "Authorization": "承認",
    "Judgement": "審査",
    "Signature": "署名",
    "Broadcast": "送信",
    "Network": "ネットワーク",
    "Confirmation": "承認数",
    "Result": "結果",
    "waiting for the devices": "端末を待っています",
    "waiting: {step}": "待っています: {step}",
    # --- the passphrase and keys ---
    "Passphrase of the wallet: ": "ウォレットのパスフレーズ: ",
    "New passphrase of the wallet: ": "ウォレットの新しいパスフレーズ: ",
    "The same again: ": "もう一度同じもの: ",
    "Unlock key of this device: ": "この端末の解錠鍵: ",
    "the unlock key {file} lies on the same disk as the device's store: whoever takes the disk takes both. "
    "Move it to a USB stick or a systemd credential.": (
        "解錠鍵 {file} が端末の保管データと同じディスクにあります。ディスクを取られると両方取られます。"
        "USB メモリか systemd credential に移してください。"
    ),
    # --- devices ---
    "On the device, within 15 minutes:": "その端末で、15 分以内に:",
    "waiting for the device": "端末を待っています",
    "Does the device show exactly these digits?": "端末にも、まったく同じ数字が出ていますか",
    "Does the owner's screen show exactly these digits?": "所有者の画面にも、まったく同じ数字が出ていますか",
    "The device {name} is enrolled.": "端末 {name} を登録しました。",
    "The device {name} is forgotten.": "端末 {name} を忘れました。",
    "Forget the device {name}?": "端末 {name} を忘れますか",
    "This device is enrolled as {name}.": "この端末は {name} として登録されました。",
    "The enclave process is up: {count} layers of isolation on.": "エンクレーブが動いています。隔離の層: {count}",
    "not on: {layer} ({state})": "効いていない層: {layer} ({state})",
    "device": "端末",
    "devices": "端末",
    "identity": "識別鍵",
    "connected": "接続中",
    "compared by you": "数字を照合",
    "version": "版",
    "platform": "プラットフォーム",
    "tier": "段階",
    "journal": "日誌",
    "journal of {device}: entry {length}, {head}": "{device} の日誌: {length} 件目、{head}",
    "Kernel: {kernel}": "カーネル: {kernel}",
    "Score: {score} of 100 (for information only)": "点数: 100 点中 {score} 点（目安）",
    "in order": "良い",
    "Every check with its reason and remedy: warifu doctor --all": "すべての検査の理由と対処: warifu doctor --all",
    "Layers of the signer's isolation, tried just now": "署名器の隔離の各層（今ここで試した結果）",
    "Platforms that a device could be set up for here": "この機械で端末を設定できるプラットフォーム",
    "Show what this machine offers, or set its device up for one platform before its first start.": (
        "この機械が備えるものを表示するか、最初の起動の前に、端末を一つのプラットフォームに設定します。"
    ),
    "A device starts on the platform that it was set up for, or not at all. Nothing is chosen for you: without a NAME "
    "nothing is changed.": (
        "端末は設定されたプラットフォームでだけ起動し、それがなければ起動しません。自動で選ばれることはなく、"
        "NAME を付けなければ何も変わりません。"
    ),
    "Which way it is reached, where there are several (SEV-SNP: vmpl:0 to vmpl:3).": (
        "複数の経路がある場合の指定（SEV-SNP では vmpl:0 から vmpl:3）。"
    ),
    "Accept a simulator, or an enclave in debug mode.": "シミュレータや、デバッグモードのエンクレーブを受け入れます。",
    "This device starts on '{name}' from now on, and on nothing else.": (
        "この端末は今後 '{name}' でだけ起動し、ほかでは起動しません。"
    ),
    "a simulator: for development only": "シミュレータ：開発用のみ",
    "{on} of {count} on; they cost {total:.0f} ms, once, when the signer starts": (
        "{count} 層のうち {on} 層が有効。かかった時間は合計 {total:.0f} ms（署名器の起動時に一度だけ）"
    ),
    "Guard of the kernel": "カーネルの守り",
    "Isolation of the signer": "署名器の隔離",
    "Memory and disk": "メモリとディスク",
    "Start and modules": "起動とモジュール",
    "Processor": "プロセッサ",
    "Clock and updates": "時計と更新",
    "What ordinary programs may do": "ふつうのプログラムにできること",
    "Kernel settings (sysctl)": "カーネルの設定（sysctl）",
    "Kernel command line and build": "カーネルの起動引数と構成",
    "{ok} in order, {missing} missing, {unknown} unknown": "良い {ok}、欠けている {missing}、分からない {unknown}",
    # --- wallets ---
    "wallet": "ウォレット",
    "network": "ネットワーク",
    "threshold": "しきい値",
    "rules": "ルール",
    "passphrase tries": "パスフレーズを試せる回数",
    "passphrase tries left": "パスフレーズを試せる残り回数",
    "moved in the last 24 hours": "この 24 時間に動いた額",
    "most per transaction": "1 回の上限",
    "most in 24 hours": "24 時間の上限",
    "most in fees": "手数料の上限",
    "may pay to": "支払先",
    "most in an hour": "1 時間の上限",
    "most in 7 days": "7 日間の上限",
    "most in 30 days": "30 日間の上限",
    "most per order": "注文 1 回の上限",
    "owners who must approve": "承認が必要な所有者の数",
    "signs only": "署名する時間",
    "an announced payment waits": "予告した支払いの待ち時間",
    "a change that allows more waits": "制限をゆるめる変更の待ち時間",
    "strict": "厳格",
    "more than half of the devices must know of what spends before it is signed": (
        "署名の前に、半数を超える端末が支払いを知っていなければなりません"
    ),
    "this wallet is frozen: nothing leaves": "このウォレットは凍結されています。何も出せません",
    "the price of {symbol} is too old: nothing of it leaves until it is stated anew": (
        "{symbol} の相場が古すぎます。新しい相場を書くまで、何も出せません"
    ),
    "least tier of a device": "端末の最低の段階",
    "declarations count": "申告も認めます",
    "declarations do not count": "申告は認めません",
    "seen at most {age} ago": "確認から {age} 以内",
    "its host must have": "ホストに必要なもの",
    "a fee above {amount} is at most": "{amount} を超える手数料の上限",
    "{share} of what is paid": "支払額の {share}",
    "never to": "支払いを禁じる先",
    "{count} owners must approve": "所有者 {count} 人の承認が必要",
    "above {amount}": "{amount} を超えるとき",
    "it must be announced before": "前もって予告が必要",
    "converted at": "換算した相場",
    "any address {wait} after it was announced": "どのアドレスでも、予告から {wait} 後に",
    "by any method": "どのメソッドでも",
    "may ask": "許す要求",
    "may trade": "許す取引の組",
    "may move funds there to": "取引所の中で資金を移してよい先",
    "longest visit": "一時預けの最長時間",
    "most that a visit may lose": "一時預けで許す損失の上限",
    "most there at once by visits": "一時預けで一度に置ける上限",
    "any address": "どのアドレスでも",
    "no address": "なし",
    "The device {name} has its share.": "端末 {name} は断片を受け取りました。",
    "Devices still missing: {count}. Send no coins yet.": (
        "まだそろわない端末: {count}。コインはまだ送らないでください。"
    ),
    "The wallet {name} is born: every device states the same keys.": (
        "ウォレット {name} が生まれました。どの端末も同じ鍵を述べています。"
    ),
    "confirmed": "承認済み",
    "own, unconfirmed": "自分の未承認",
    "from others, unconfirmed": "他者からの未承認",
    "not spendable yet": "まだ使えない",
    "at block": "ブロック",
    "fee": "手数料",
    "confirmations": "承認数",
    "transfer": "送金",
    "scopes": "権限",
    "The label is kept.": "ラベルを残しました。",
    "Keep this now; it is not shown again:": "いま控えてください。二度と表示されません:",
    "The API key {name} is ended.": "API キー {name} を終わらせました。",
    # --- a transfer ---
    "This will be signed, as this client reads the transaction itself:": (
        "このクライアントが自分で読んだところ、署名されるのは次のとおりです:"
    ),
    "From": "支払元",
    "To": "支払先",
    "Amount": "金額",
    "Change": "おつり",
    "Fee": "手数料",
    "Fee ceiling": "手数料の上限",
    "Replaces": "置き換える送金",
    "Transaction": "トランザクション",
    "Transaction:": "トランザクション:",
    "own address": "自分のアドレス",
    "the fee is more than a twentieth of the amount": "手数料が金額の 20 分の 1 を超えています",
    "an exchange makes a key of this signature. Each signature of this wallet is another one: what is held by that key "
    "is lost with it, because it can never be made again.": (
        "この署名から取引所の鍵が作られます。このウォレットの署名は毎回異なり、同じ鍵は二度と作れません。"
        "鍵を失うと、その鍵で持つものも失われます。"
    ),
    "Sign and send this?": "署名して送りますか",
    "Nothing was sent.": "何も送っていません。",
    "would sign": "署名します",
    "would refuse": "拒みます",
    "The devices need the passphrase again to go on with the same transaction.": (
        "同じトランザクションを続けるために、端末がもう一度パスフレーズを必要としています。"
    ),
    "You stopped watching. The request is with the service and may still be signed and sent; it is never sent twice. "
    "Look on with: warifu resume {wallet} {transfer}": (
        "見るのをやめました。依頼はサービスにあり、これから署名され送られることもありますが、二度送られることはありません。"
        "続きを見るには: warifu resume {wallet} {transfer}"
    ),
}
