"""The product's messages and labels in the three languages of `x-ncp-lang`. Codes are never translated."""

DEFAULT_LANGUAGE = "en-US"

# Korean and Chinese for each English text. The wording is the simulator's own: NAVER publishes only the
# codes.
_TRANSLATIONS = {
    "ko-KR": {
        "The request is not valid.": "요청이 올바르지 않습니다.",
        "The resource does not exist.": "리소스가 존재하지 않습니다.",
        "The service is not subscribed.": "서비스를 신청하지 않았습니다.",
        "The method is not allowed.": "허용되지 않은 메서드입니다.",
        "The media type is not supported.": "지원하지 않는 미디어 타입입니다.",
        "An internal error occurred.": "내부 오류가 발생했습니다.",
        "Preparing to send": "발송 준비 중",
        "Ready to send": "발송 준비",
        "Sending": "발송 중",
        "Sent successfully": "발송 성공",
        "Failed to send": "발송 실패",
        "Unsubscribe": "수신 거부",
        "Cancel sending": "발송 취소",
        "Partial failure": "일부 실패",
        "To": "수신자",
        "Cc": "참조자",
        "Bcc": "숨은참조자",
        "Reserved": "예약",
        "Not reserved": "예약 안 함",
        "Blocked": "차단됨",
        "Not blocked": "차단 안 됨",
        "Create": "등록",
        "Delete": "해제",
        "System": "시스템",
    },
    "zh-CN": {
        "The request is not valid.": "请求无效。",
        "The resource does not exist.": "资源不存在。",
        "The service is not subscribed.": "尚未开通服务。",
        "The method is not allowed.": "不允许使用该方法。",
        "The media type is not supported.": "不支持该媒体类型。",
        "An internal error occurred.": "发生内部错误。",
        "Preparing to send": "准备发送中",
        "Ready to send": "准备发送",
        "Sending": "发送中",
        "Sent successfully": "发送成功",
        "Failed to send": "发送失败",
        "Unsubscribe": "拒收",
        "Cancel sending": "取消发送",
        "Partial failure": "部分失败",
        "To": "收件人",
        "Cc": "抄送",
        "Bcc": "密送",
        "Reserved": "已预约",
        "Not reserved": "未预约",
        "Blocked": "已屏蔽",
        "Not blocked": "未屏蔽",
        "Create": "登记",
        "Delete": "解除",
        "System": "系统",
    },
}


def translate(text: str, language: str) -> str:
    """The text in that language; in English when the language is none of the three."""
    return _TRANSLATIONS.get(language, {}).get(text, text)
